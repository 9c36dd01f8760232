/* uuid4 and uuid7: objects of Python's own class uuid.UUID, without a call of its constructor. */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include "python/front.h"
#include <time.h>

#include "guard/fork.h"
#include "guard/lock.h"
#include "pure/erase.h"
#include "python/bytes.h"

/* Guards the last version 7 UUID where there is no GIL. It is not the object's own lock: CPython may hand that to a waiting
 * thread at the moment of a fork, and the child then waits for a thread that does not exist there (seen with 3.13.5). */
#ifdef MAY_LACK_GIL
static int lock;
#define LOCK() ((void)lock_take(&lock))	/* it fails only in a raw clone, where another thread may have held it */
#define UNLOCK() lock_leave(&lock)

static void wipe(void)
{
	UNLOCK();
}

int uuid_init(void)
{
	static struct fork_hook hook = {.place = FORK_LOCKS, .wipe = wipe};
	fork_register(&hook);
	return 0;
}
#else
#define LOCK()
#define UNLOCK()
int uuid_init(void) { return 0; }
#endif

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

/* The errors of a function in Python that has no parameters, or one that is a keyword. */
static int refuse(const char *name, Py_ssize_t nargs, PyObject *names, const char *keyword)
{
	for (Py_ssize_t i = 0; names && i < PyTuple_Size(names); i++)
		if (PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, i), keyword)) {
			PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", name, PyTuple_GetItem(names, i));
			return -1;
		}
	if (nargs)
		PyErr_Format(PyExc_TypeError, "%s() takes 0 positional arguments but %zd %s given", name, nargs, nargs == 1 ? "was" : "were");
	return PyErr_Occurred() ? -1 : 0;
}

static PyObject *uuid4(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
	unsigned char bytes[16];
	(void)args;
	if (((nargs || names) && refuse("uuid4", nargs, names, "")) || bytes_draw(bytes, sizeof bytes, 1))
		return NULL;
	bytes[6] = (bytes[6] & 0x0f) | 0x40;	/* the version */
	bytes[8] = (bytes[8] & 0x3f) | 0x80;	/* the variant */
	return make(PyModule_GetState(module), bytes);
}

/* uuid7's only parameter, a keyword: *time in ms, -1 if it is None or not given. 0, or -1 with an exception set. */
static int get_timestamp(PyObject *const *args, Py_ssize_t nargs, PyObject *names, int64_t *time)
{
	*time = -1;
	if (nargs || PyTuple_Size(names) != 1 || PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "timestamp"))
		return refuse("uuid7", nargs, names, "timestamp");
	if (args[0] == Py_None)
		return 0;
	PyObject *number = PyNumber_Index(args[0]);
	if (!number)
		return -1;
	int overflow;
	*time = PyLong_AsLongLongAndOverflow(number, &overflow);
	Py_DECREF(number);
	if (!overflow && 0 <= *time && *time <= UUID7_LAST)
		return 0;
	PyErr_SetString(PyExc_ValueError, "timestamp must be in milliseconds since 1970, 0 <= timestamp < 2**48");
	return -1;
}

/* In ms; a clock that is set to before 1970 counts as 1970. */
static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec < 0 ? 0 : (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static PyObject *uuid7(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
	struct state *state = PyModule_GetState(module);
	unsigned char drawn[UUID7_BYTES], bytes[16];
	int64_t time = -1;
	/* First the draw, which may let others have the GIL. */
	if (((nargs || names) && get_timestamp(args, nargs, names, &time)) || bytes_draw(drawn, sizeof drawn, 1))
		return NULL;
	if (time >= 0) {
		struct uuid7 given;
		uuid7_at(&given, time, drawn);
		uuid7_put(&given, bytes);
		erase(&given, sizeof given);
	} else {
		LOCK();
		uuid7_next(&state->last, now(), drawn);
		uuid7_put(&state->last, bytes);
		UNLOCK();
	}
	erase(drawn, sizeof drawn);
	return make(state, bytes);
}

static PyMethodDef functions[] = {
	ROW("uuid4", uuid4, FAST, "($module)",
	    "Return a random uuid.UUID: 122 random bits (RFC 9562, 5.4). Waits until the system's generator is ready."),
	ROW("uuid7", uuid7, FAST, "($module, *, timestamp=None)",
	    "Return a version 7 uuid.UUID: the time in milliseconds and 74 other bits (RFC 9562, 5.7).\n\n"
	    "In one process each is greater than the one before, in all threads (of one interpreter). Two UUIDs of one\n"
	    "millisecond are a random step of up to 2**62 apart (6.2, method 2). A forked child and its parent take\n"
	    "steps of their own, so their UUIDs differ. If the clock is set back, or the bits are used up, the time in\n"
	    "the UUID runs ahead of the clock by at most ten seconds. If the clock is set back by more, the UUID\n"
	    "follows it at once, and is less than the one before. The clock is the system's: what replaces Python's,\n"
	    "as freezegun does, has no effect.\n\n"
	    "timestamp is the time to use instead, in milliseconds since 1970 (UTC), 0 <= timestamp < 2**48. ValueError\n"
	    "if it is out of range, TypeError if it is not an integer. All other 74 bits are random then, so such UUIDs\n"
	    "are not in order within a millisecond. They do not influence UUIDs that are made without a timestamp.\n\n"
	    "Waits until the system's generator is ready."),
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
