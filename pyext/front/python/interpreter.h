/* What differs from interpreter to interpreter, for every extension module of the package. */
#pragma once

#include <Python.h>

#if !defined Py_LIMITED_API && !defined Py_GIL_DISABLED
#error "the modules are built for the stable ABI, wherever there is one"
#endif

/* What runs between the two is one thread's at a time: of those that name the same object, where there is no GIL; and
 * of all, where the GIL is held. No Python code may run there, nor anything that gives the GIL away. */
#ifdef Py_GIL_DISABLED
#define BEGIN_ALONE(object) Py_BEGIN_CRITICAL_SECTION(object)
#define END_ALONE() Py_END_CRITICAL_SECTION()
#else
#define BEGIN_ALONE(object) { (void)(object)
#define END_ALONE() }
#endif

/* Work on this many bytes takes less time than giving the GIL away and fetching it. */
#define KEEP_GIL 8192

/* Gives the GIL away for work on so many bytes, if that pays. */
static inline PyThreadState *leave_gil(size_t bytes) { return bytes > KEEP_GIL ? PyEval_SaveThread() : NULL; }

static inline void fetch_gil(PyThreadState *left)
{
	if (left)
		PyEval_RestoreThread(left);
}

/* What a module declares of itself. CPython refuses slots that it does not know, so they are chosen by
 * the interpreter that loads us, not by the headers that built us: each version knows those from some place on.
 * The numbers of Python 3.13's Py_mod_gil and 3.12's Py_mod_multiple_interpreters, and the values that
 * say "no GIL needed" and "each interpreter with a GIL of its own". */
#define SLOTS(exec) {{4, (void *)1}, {3, (void *)2}, {Py_mod_exec, (void *)(exec)}, {0, NULL}}

static inline PyObject *module_new(PyModuleDef *definition, PyModuleDef_Slot slots[])
{
	slots += (Py_Version < 0x030d0000) + (Py_Version < 0x030c0000);
	__atomic_store_n(&definition->m_slots, slots, __ATOMIC_RELAXED);	/* interpreters with GILs of their own */
	return PyModuleDef_Init(definition);
}
