/* The least that a function that returns 16 bytes can cost, without a clock and with one, and with a look for restored
 * machines: what remains of a draw is gorandom's own. */
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <time.h>

#include "guard/restore.h"

static PyObject *result(int64_t second)
{
	static const char bytes[16];
	/* Never so: it makes the compiler fetch the time. */
	return PyBytes_FromStringAndSize(bytes, second == INT64_MIN ? 0 : sizeof bytes);
}

static int64_t seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec;
}

static PyObject *zeros(PyObject *m, PyObject *n) { return (void)m, (void)n, result(0); }
static PyObject *zeros_time(PyObject *m, PyObject *n) { return (void)m, (void)n, result(time(NULL)); }
static PyObject *zeros_coarse(PyObject *m, PyObject *n) { return (void)m, (void)n, result(seconds(CLOCK_MONOTONIC_COARSE)); }
static PyObject *zeros_monotonic(PyObject *m, PyObject *n) { return (void)m, (void)n, result(seconds(CLOCK_MONOTONIC)); }

/* The look itself is the front's; the page is memory that is not the monitor's, as near and as far as that. */
static struct vmclock page;
const volatile void *restore_page;
enum restore_kind restore_kind = RESTORE_VMCLOCK;

static PyObject *zeros_unwatched(PyObject *m, PyObject *n)
{
	restore_page = NULL;
	return (void)m, (void)n, result((int64_t)restore_now());
}

static PyObject *zeros_vmclock(PyObject *m, PyObject *n)
{
	restore_page = &page;
	return (void)m, (void)n, result((int64_t)restore_now());
}

static PyMethodDef methods[] = {
	{"zeros", zeros, METH_O, NULL},
	{"zeros_time", zeros_time, METH_O, NULL},
	{"zeros_coarse", zeros_coarse, METH_O, NULL},
	{"zeros_monotonic", zeros_monotonic, METH_O, NULL},
	{"zeros_unwatched", zeros_unwatched, METH_O, NULL},
	{"zeros_vmclock", zeros_vmclock, METH_O, NULL},
	{NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "floor", .m_methods = methods};

PyMODINIT_FUNC PyInit_floor(void) { return PyModuleDef_Init(&definition); }
