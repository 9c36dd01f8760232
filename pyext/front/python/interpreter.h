/* What differs from interpreter to interpreter, for every extension module of the package. */
#pragma once

#include <Python.h>

#if !defined Py_LIMITED_API && !defined Py_GIL_DISABLED
#error "the modules are built for the stable ABI, wherever there is one"
#endif

#if defined Py_GIL_DISABLED || defined Py_TARGET_ABI3T
#define MAY_LACK_GIL
#endif

/* Only one thread at a time runs between the two: without a GIL, one of those that name the same object; with a GIL, one
 * of all. No Python code may run there, nor anything that releases the GIL. */
#ifdef MAY_LACK_GIL
#define BEGIN_ALONE(object) Py_BEGIN_CRITICAL_SECTION(object)
#define END_ALONE() Py_END_CRITICAL_SECTION()
#else
#define BEGIN_ALONE(object) { (void)(object)
#define END_ALONE() }
#endif

#ifdef PYPY_VERSION
/* In PyPy 7.3 to 8.0 the function of this name does nothing. PyPy handles signals between Python instructions, so run one. */
static inline int run_handlers(void)
{
	PyObject *names = PyDict_New(), *code = names ? Py_CompileString("0", "gorandom", Py_eval_input) : NULL;
	PyObject *made = code ? PyEval_EvalCode(code, names, names) : NULL;
	int r = made ? 0 : -1;
	Py_XDECREF(made);
	Py_XDECREF(code);
	Py_XDECREF(names);
	return r;
}
#define PyErr_CheckSignals run_handlers

/* PyPy ends the process for some sizes that no system grants, and raises a SystemError for others. */
static inline PyObject *bytes_or_no_memory(const char *bytes, Py_ssize_t n)
{
	PyObject *made = n >> 48 ? NULL : PyBytes_FromStringAndSize(bytes, n);
	return made ? made : PyErr_NoMemory();
}
#define PyBytes_FromStringAndSize bytes_or_no_memory
#endif

/* Work on this many bytes takes less time than releasing the GIL and taking it again. */
#define KEEP_GIL 8192

/* Releases the GIL for work on this many bytes, if that pays off. */
static inline PyThreadState *leave_gil(size_t bytes) { return bytes > KEEP_GIL ? PyEval_SaveThread() : NULL; }

static inline void fetch_gil(PyThreadState *left)
{
	if (left)
		PyEval_RestoreThread(left);
}
