/* libFuzzer with CPython inside: gives each input to a function of harnesses.py, which GORANDOM_HARNESS names. Coverage is that of
 * the C which was compiled for it, and beside that each line of Python. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* libFuzzer looks for this section by its name. */
__attribute__((section("__libfuzzer_extra_counters"))) uint8_t lines[1 << 15];

static PyObject *harness;

static int trace(PyObject *unused, PyFrameObject *frame, int what, PyObject *argument)
{
	(void)unused, (void)argument;
	if (what == PyTrace_LINE) {
		PyCodeObject *code = PyFrame_GetCode(frame);
		/* The same in each process, as PYTHONHASHSEED is set. */
		uint64_t at = (uint64_t)PyObject_Hash(code->co_filename) + (uint64_t)PyFrame_GetLineNumber(frame);
		uint8_t *line = &lines[at * 0x9e3779b97f4a7c15 >> 49];
		*line += *line < UINT8_MAX;
		Py_DECREF(code);
	}
	return 0;
}

static void fail(void)
{
	PyErr_Print();
	abort();	/* libFuzzer keeps the input */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Py_InitializeEx(0);
	PyObject *module = PyImport_ImportModule("harnesses");
	harness = module ? PyObject_GetAttrString(module, getenv("GORANDOM_HARNESS")) : NULL;
	if (!harness)
		fail();
	PyEval_SetTrace(trace, NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PyObject *done = PyObject_CallFunction(harness, "y#", (const char *)data, (Py_ssize_t)size);
	if (!done)
		fail();
	Py_DECREF(done);
	return 0;
}
