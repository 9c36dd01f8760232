/* compare_digest gives the same answers as CPython's hmac.compare_digest, and raises the same errors. */
#define PY_SSIZE_T_CLEAN
#include "python/front.h"

#include "pure/compare.h"

static int is_str(PyObject *o) { return PyType_HasFeature(Py_TYPE(o), Py_TPFLAGS_UNICODE_SUBCLASS); }

/* The characters of a str if all are ASCII, else NULL. An ASCII string's characters are its UTF-8 text and are
 * not copied. Any other has fewer characters than bytes in UTF-8, or no UTF-8 at all, or no memory for it. */
static const char *ascii(PyObject *o, Py_ssize_t *n)
{
	const char *text = PyUnicode_AsUTF8AndSize(o, n);
	return text && PyUnicode_GetLength(o) == *n ? text : NULL;
}

/* This and the next return whether they compared. Which object *answer is depends on the secrets, so do not look at it. */
static int compare_texts(PyObject *a, PyObject *b, PyObject **answer)
{
	Py_ssize_t na, nb;
	const char *x = ascii(a, &na), *y = x ? ascii(b, &nb) : NULL;
	if (y)
		*answer = PyBool_FromLong(compare_equal(x, (size_t)na, y, (size_t)nb));
	return y != NULL;
}

static int compare_buffers(PyObject *a, PyObject *b, PyObject **answer)
{
	Py_buffer x, y;
	int comparable = 0;
	if (PyObject_GetBuffer(a, &x, PyBUF_SIMPLE))
		return 0;
	if (PyObject_GetBuffer(b, &y, PyBUF_SIMPLE) == 0) {
		comparable = x.ndim <= 1 && y.ndim <= 1;
		if (comparable)
			*answer = PyBool_FromLong(compare_equal(x.buf, (size_t)x.len, y.buf, (size_t)y.len));
		PyBuffer_Release(&y);
	}
	PyBuffer_Release(&x);
	return comparable;
}

/* Done when gorandom is imported, because a program may later replace CPython's function with ours. */
int digest_init(struct state *state)
{
	PyObject *module = PyImport_ImportModule("_operator");	/* built in: no file is needed */
	state->compare = module ? PyObject_GetAttrString(module, "_compare_digest") : NULL;
	Py_XDECREF(module);
	return state->compare ? 0 : -1;
}

PyObject *compare_digest(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
	struct state *state = PyModule_GetState(module);
	if (nargs != 2)
		return PyErr_Format(PyExc_TypeError, "compare_digest expected 2 arguments, got %zd", nargs);
	PyObject *a = args[0], *b = args[1], *answer;
	int compared = is_str(a) && is_str(b) ? compare_texts(a, b, &answer) : compare_buffers(a, b, &answer);
	if (compared)
		return answer;
	PyErr_Clear();
	return PyObject_CallFunctionObjArgs(state->compare, a, b, NULL);	/* refuses them with its own message */
}
