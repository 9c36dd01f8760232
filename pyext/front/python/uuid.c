/* uuid4 and uuid7: objects of Python's own class uuid.UUID, without a call of its constructor. */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include "python/front.h"
#include <time.h>

#include "pure/erase.h"
#include "python/bytes.h"

/* What UUID.__init__ does: its two slots are set by object.__setattr__, because its own refuses. Erases the bytes. */
static PyObject *make(const struct state *state, unsigned char bytes[16])
{
	PyObject *type = state_get(&state->held[HELD_UUID]), *unknown = state_get(&state->held[HELD_UNKNOWN]);
	PyObject *number = number_of(state, PyBytes_FromStringAndSize((char *)bytes, 16)), *uuid = NULL;
	erase(bytes, 16);
	if (number && type && unknown)
		uuid = PyType_GenericAlloc((PyTypeObject *)type, 0);
	else if (number)
		PyErr_SetString(PyExc_RuntimeError, "gorandom's module has ended");
	if (uuid && (PyObject_GenericSetAttr(uuid, state->names[NAME_INT], number) ||
		     PyObject_GenericSetAttr(uuid, state->names[NAME_IS_SAFE], unknown)))
		Py_CLEAR(uuid);
	Py_XDECREF(number);
	return uuid;
}

/* The errors of a function in Python that has no parameters. */
static int refuse(const char *name, Py_ssize_t nargs, PyObject *names)
{
	if (names && PyTuple_Size(names))
		PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", name, PyTuple_GetItem(names, 0));
	else if (nargs)
		PyErr_Format(PyExc_TypeError, "%s() takes 0 positional arguments but %zd %s given", name, nargs, nargs == 1 ? "was" : "were");
	return PyErr_Occurred() ? -1 : 0;
}

static PyObject *uuid4(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
	unsigned char bytes[16];
	(void)args;
	if (((nargs || names) && refuse("uuid4", nargs, names)) || bytes_draw(bytes, sizeof bytes, 1))
		return NULL;
	bytes[6] = (bytes[6] & 0x0f) | 0x40;	/* the version */
	bytes[8] = (bytes[8] & 0x3f) | 0x80;	/* the variant */
	return make(PyModule_GetState(module), bytes);
}

static PyObject *uuid7(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
	struct state *state = PyModule_GetState(module);
	unsigned char drawn[UUID7_BYTES], bytes[16];
	struct timespec now;
	(void)args;
	/* First the draw, which may let others have the GIL. */
	if (((nargs || names) && refuse("uuid7", nargs, names)) || bytes_draw(drawn, sizeof drawn, 1))
		return NULL;
	BEGIN_ALONE(module);
	clock_gettime(CLOCK_REALTIME, &now);
	uuid7_next(&state->last, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, drawn);
	uuid7_put(&state->last, bytes);
	END_ALONE();
	erase(drawn, sizeof drawn);
	return make(state, bytes);
}

static PyMethodDef functions[] = {
	ROW("uuid4", uuid4, FAST, "($module)",
	    "Return a random uuid.UUID: 122 random bits (RFC 9562, 5.4). Waits until the system's generator is ready."),
	ROW("uuid7", uuid7, FAST, "($module)",
	    "Return a uuid.UUID of the time in milliseconds and 74 further bits (RFC 9562, 5.7).\n\n"
	    "In one process each is greater than the one before, in all threads (of one interpreter). Within a\n"
	    "millisecond it is so by a random step of up to 2**62 (6.2, method 2), which is fresh in each process: a\n"
	    "forked child and its parent go on from the same one and still differ. Should the clock go back, or the\n"
	    "bits be used up, the time in it runs ahead of the clock's. Waits until the system's generator is ready."),
};

PyObject *uuids(PyObject *module, PyObject *args)
{
	struct state *state = PyModule_GetState(module);
	PyObject *uuid, *unknown, *name;
	if (!PyArg_ParseTuple(args, "O!OU:uuids", &PyType_Type, &uuid, &unknown, &name))
		return NULL;
	state_set(&state->held[HELD_UUID], uuid);
	state_set(&state->held[HELD_UNKNOWN], unknown);
	return Py_BuildValue("(NN)", PyCFunction_NewEx(&functions[0], module, name), PyCFunction_NewEx(&functions[1], module, name));
}
