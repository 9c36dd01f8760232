/* compare_digest: the arguments, errors and messages of CPython's hmac.compare_digest. */
#define PY_SSIZE_T_CLEAN
#include "python/interpreter.h"

#include "pure/compare.h"
#include "python/digest.h"

const char compare_digest_doc[] =
	"compare_digest($module, a, b, /)\n--\n\n"
	"Is a equal to b? In a time that depends on their lengths and types, never on what they hold.\n\n"
	"As hmac.compare_digest: two str of ASCII characters, or two bytes-like objects, else TypeError. BufferError\n"
	"for a buffer that is not contiguous. False for unequal lengths, after the time that b takes. Only the bytes\n"
	"count: a subclass's __eq__ is not asked. Any thread, any process; needs no core.";

static int is_str(PyObject *o) { return PyType_HasFeature(Py_TYPE(o), Py_TPFLAGS_UNICODE_SUBCLASS); }

/* The characters of a str if all are ASCII, else NULL. Those of an ASCII string are its UTF-8 text and are not
 * copied. Any other has fewer characters than bytes there, or no UTF-8 at all, or no memory for it. */
static const char *ascii(PyObject *o, Py_ssize_t *n)
{
	const char *text = PyUnicode_AsUTF8AndSize(o, n);
	if (!text)
		PyErr_Clear();
	return text && PyUnicode_GetLength(o) == *n ? text : NULL;
}

static PyObject *compare_texts(PyObject *a, PyObject *b)
{
	Py_ssize_t na, nb;
	const char *x = ascii(a, &na), *y = ascii(b, &nb);
	if (!x || !y) {
		PyErr_SetString(PyExc_TypeError, "comparing strings with non-ASCII characters is not supported");
		return NULL;
	}
	return PyBool_FromLong(compare_equal(x, (size_t)na, y, (size_t)nb));
}

static int get_buffer(PyObject *o, Py_buffer *view)
{
	if (PyObject_GetBuffer(o, view, PyBUF_SIMPLE))
		return -1;
	if (view->ndim <= 1)
		return 0;
	PyErr_SetString(PyExc_BufferError, "Buffer must be single dimension");
	PyBuffer_Release(view);
	return -1;
}

static PyObject *compare_buffers(PyObject *a, PyObject *b)
{
	Py_buffer x, y;
	PyObject *result = NULL;
	if (get_buffer(a, &x))
		return NULL;
	if (get_buffer(b, &y) == 0) {
		result = PyBool_FromLong(compare_equal(x.buf, (size_t)x.len, y.buf, (size_t)y.len));
		PyBuffer_Release(&y);
	}
	PyBuffer_Release(&x);
	return result;
}

/* The name of an object's type as CPython's messages have it, with the module for types written in C. The
 * limited API does not tell it, but the refusal of an object that is no buffer stands in quotes around it. */
static PyObject *type_name(PyObject *o)
{
	Py_buffer view;
	PyObject *type = NULL, *value = NULL, *trace = NULL, *name = NULL;

	if (PyObject_GetBuffer(o, &view, PyBUF_SIMPLE) == 0)
		PyBuffer_Release(&view);
	PyErr_Fetch(&type, &value, &trace);
	PyObject *text = value ? PyObject_Str(value) : NULL;
	if (text) {
		Py_ssize_t end = PyUnicode_GetLength(text);
		Py_ssize_t first = PyUnicode_FindChar(text, '\'', 0, end, 1), last = PyUnicode_FindChar(text, '\'', 0, end, -1);
		if (0 <= first && first < last)
			name = PyUnicode_Substring(text, first + 1, last);
	}
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
	PyErr_Clear();
	return name ? name : PyType_GetName(Py_TYPE(o));
}

static PyObject *refuse(PyObject *a, PyObject *b)
{
	PyObject *x = type_name(a), *y = type_name(b);
	if (x && y)	/* sic */
		PyErr_Format(PyExc_TypeError, "unsupported operand types(s) or combination of types: '%U' and '%U'", x, y);
	Py_XDECREF(x);
	Py_XDECREF(y);
	return NULL;
}

PyObject *compare_digest(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
	(void)module;
	if (nargs != 2)
		return PyErr_Format(PyExc_TypeError, "compare_digest expected 2 arguments, got %zd", nargs);
	PyObject *a = args[0], *b = args[1];
	if (is_str(a) && is_str(b))
		return compare_texts(a, b);
	if (!PyObject_CheckBuffer(a) && !PyObject_CheckBuffer(b))
		return refuse(a, b);
	return compare_buffers(a, b);
}
