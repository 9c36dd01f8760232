#define PY_SSIZE_T_CLEAN
#include <errno.h>
#include <string.h>

#include "python/bytes.h"

#include "core/core.h"
#include "draw/draw.h"
#include "pure/erase.h"
#include "source/kernel.h"

/* Raises the exception for a failure of draw_bytes() or kernel_read(). */
static int fail(int r)
{
	if (r == GORANDOM_NOT_READY) {
		PyErr_SetString(PyExc_BlockingIOError,
			"system random number generator is not ready; wait_for_system_rng() returns when it is");
		return -1;
	}
	/* EAGAIN and EINTR would make it a BlockingIOError or an InterruptedError, which it is not. */
	int error = r > 0 && r != EAGAIN && r != EINTR ? r : EIO;
	PyObject *args = Py_BuildValue("(is)", error, "the system's random number generator gives no bytes");
	if (args)
		PyErr_SetObject(PyExc_OSError, args);
	Py_XDECREF(args);
	return -1;
}

/* Waits until the system's generator is ready; seconds < 0: without limit. 0, or -1 with an exception set. */
static int wait_for_system(double seconds)
{
	int64_t left = seconds < 1e9 ? (int64_t)(seconds * 1e9) : INT64_MAX;	/* ns */
	unsigned char byte;

	while (!kernel_ready()) {
		int r = kernel_read(&byte, 1);
		if (r == 0)
			break;
		if (r != GORANDOM_NOT_READY)
			return fail(r);
		if (seconds >= 0 && left <= 0) {
			PyErr_SetString(PyExc_TimeoutError, "system random number generator is not ready yet");
			return -1;
		}
		if (PyErr_CheckSignals())
			return -1;
		Py_BEGIN_ALLOW_THREADS
		if (seconds >= 0)
			kernel_gather();
		left -= kernel_nap(seconds < 0 ? -1 : left);
		Py_END_ALLOW_THREADS
		if (PyErr_CheckSignals())
			return -1;
	}
	erase(&byte, 1);
	return 0;
}

/* Called between the parts of a large draw. */
static int signal_has_come(void *thread)
{
	PyThreadState **left = thread;
	PyEval_RestoreThread(*left);
	int raised = PyErr_CheckSignals();
	*left = PyEval_SaveThread();
	return raised;
}

static int draw_slowly(unsigned char *dst, size_t n, int wait)
{
	for (;;) {
		PyThreadState *left = draw_is_long(n) ? PyEval_SaveThread() : NULL;
		int r = draw_bytes(dst, n, left ? signal_has_come : NULL, &left);
		fetch_gil(left);
		if (r == 0)
			return 0;
		if (r == DRAW_ENDED)
			return -1;
		if (r != GORANDOM_NOT_READY || !wait)
			return fail(r);
		if (wait_for_system(-1))
			return -1;
	}
}

int bytes_draw(unsigned char *dst, size_t n, int wait) { return draw_ready(dst, n) ? 0 : draw_slowly(dst, n, wait); }

static int is_int(PyObject *o)
{
	return Py_TYPE(o) == &PyLong_Type || (PyType_GetFlags(Py_TYPE(o)) & Py_TPFLAGS_LONG_SUBCLASS);
}

static PyObject *random_bytes(Py_ssize_t n, int wait)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, n);
	if (bytes && n && bytes_draw((unsigned char *)PyBytes_AsString(bytes), (size_t)n, wait)) {
		Py_DECREF(bytes);
		return NULL;
	}
	return bytes;
}

/* Like PyCrypto's Crypto.Random.get_random_bytes, with its types and messages. */
PyObject *bytes_get(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
	(void)module;
	if (nargs + (names ? PyTuple_Size(names) : 0) != 1)
		return PyErr_Format(PyExc_TypeError, "get_random_bytes() takes exactly one argument (%zd given)",
			nargs + (names ? PyTuple_Size(names) : 0));
	if (names && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "n"))
		return PyErr_Format(PyExc_TypeError, "get_random_bytes() got an unexpected keyword argument '%U'", PyTuple_GetItem(names, 0));
	if (!is_int(args[0])) {
		PyErr_SetString(PyExc_TypeError, "an integer is required");
		return NULL;
	}
	int overflow;
	Py_ssize_t n = PyLong_AsLongLongAndOverflow(args[0], &overflow);
	if (overflow > 0)
		PyErr_SetString(PyExc_OverflowError, "Python int too large to convert to C ssize_t");
	else if (n < 0)
		PyErr_SetString(PyExc_ValueError, "cannot read to end of infinite stream");
	return overflow > 0 || n < 0 ? NULL : random_bytes(n, 1);
}

/* Like os.urandom, with its types and messages, and with PEP 522's error where that would wait. */
PyObject *bytes_urandom(PyObject *module, PyObject *arg)
{
	(void)module;
	PyObject *index = PyNumber_Index(arg);
	if (!index)
		return NULL;
	Py_ssize_t n = PyLong_AsSsize_t(index);
	Py_DECREF(index);
	if (n == -1 && PyErr_Occurred())
		return NULL;
	if (n < 0) {
		PyErr_SetString(PyExc_ValueError,
			Py_Version < 0x030f0000 ? "negative argument not allowed" : "size cannot be negative");
		return NULL;
	}
	return random_bytes(n, 0);
}

PyObject *bytes_fill(PyObject *module, PyObject *arg)
{
	(void)module;
	Py_buffer b;
	if (PyObject_GetBuffer(arg, &b, PyBUF_WRITABLE | PyBUF_ANY_CONTIGUOUS))
		return NULL;
	int r = b.len ? bytes_draw(b.buf, (size_t)b.len, 1) : 0;
	if (r)
		memset(b.buf, 0, (size_t)b.len);
	PyBuffer_Release(&b);
	if (r)
		return NULL;
	Py_RETURN_NONE;
}

PyObject *bytes_wait(PyObject *module, PyObject *arg)
{
	(void)module;
	double seconds = -1;
	if (arg != Py_None) {
		seconds = PyFloat_AsDouble(arg);
		if (seconds == -1 && PyErr_Occurred())
			return NULL;
		if (!(seconds >= 0)) {
			PyErr_SetString(PyExc_ValueError, "timeout must be non-negative");
			return NULL;
		}
	}
	if (wait_for_system(seconds))
		return NULL;
	Py_RETURN_NONE;
}

PyObject *bytes_reseed(PyObject *module, PyObject *unused)
{
	int r;
	(void)module, (void)unused;
	if (wait_for_system(-1))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	r = draw_reseed();
	Py_END_ALLOW_THREADS
	/* The core asks the kernel by itself. Here the generator was ready, so "not ready" cannot be the reason. */
	if (r && fail(r == GORANDOM_NOT_READY ? EIO : r))
		return NULL;
	Py_RETURN_NONE;
}

