/* The least that a function that returns 16 bytes can cost: what remains of a draw is gorandom's own. */
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *zeros(PyObject *module, PyObject *n)
{
	static const char bytes[16];
	(void)module, (void)n;
	return PyBytes_FromStringAndSize(bytes, sizeof bytes);
}

static PyMethodDef methods[] = {{"zeros", zeros, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "zeros", .m_methods = methods};

PyMODINIT_FUNC PyInit_zeros(void) { return PyModuleDef_Init(&definition); }
