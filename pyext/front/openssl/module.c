/* The module _openssl: arguments in, exceptions out. */
#define PY_SSIZE_T_CLEAN
#include "python/interpreter.h"

#include "openssl/method.h"

const struct base *base;

/* None, or why not. */
static PyObject *activate(PyObject *module, PyObject *arg)
{
	(void)module;
	PyObject *path = NULL;
	if (arg != Py_None && !PyUnicode_FSConverter(arg, &path))
		return NULL;
	const char *why = openssl_activate(path ? PyBytes_AsString(path) : NULL);
	Py_XDECREF(path);
	return Py_BuildValue("z", why);
}

static PyObject *deactivate(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	openssl_deactivate();
	Py_RETURN_NONE;
}

/* (active, bytes served) */
static PyObject *state(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	return Py_BuildValue("(NK)", PyBool_FromLong(openssl_active()), (unsigned long long)openssl_served());
}

static PyMethodDef methods[] = {
	{"activate", activate, METH_O, NULL},
	{"deactivate", deactivate, METH_NOARGS, NULL},
	{"state", state, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static int exec(PyObject *module)
{
	(void)module;
	const struct base *none = NULL, *found = base_import();
	if (!found)
		return -1;
	/* The same in every interpreter; the first registers. */
	if (__atomic_compare_exchange_n(&base, &none, found, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		openssl_init();
	return 0;
}

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_openssl", .m_methods = methods};

PyMODINIT_FUNC PyInit__openssl(void)
{
	static PyModuleDef_Slot slots[] = SLOTS(exec);
	return module_new(&definition, slots);
}
