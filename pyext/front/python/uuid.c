/* uuid4 and uuid7 make objects of Python's own class uuid.UUID without calling its constructor. A call with arguments is left to
 * the function of the same name in Python, which raises the errors and makes UUIDs of a given time. */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include "python/front.h"
#include <errno.h>
#include <time.h>

#include "guard/lock.h"
#include "guard/process.h"
#include "pure/erase.h"
#include "python/bytes.h"

/* Guards the last version 7 UUID where there is no GIL. It is not the object's own lock. CPython may hand that lock to a
 * waiting thread during a fork, and the child then waits for a thread that does not exist there (seen with 3.13.5). */
#ifdef MAY_LACK_GIL
static int *lock;
#define LOCK() lock_take(lock)
#define UNLOCK() lock_leave(lock)

int uuid_init(void)
{
	lock = process_keep_lock();
	return lock ? 0 : ENOMEM;
}
#else
#define LOCK()
#define UNLOCK()
int uuid_init(void) { return 0; }
#endif

/* Does what UUID.__init__ does: it sets the two slots by object.__setattr__, because UUID's own refuses. Erases the bytes. */
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

static PyObject *uuid4(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
	unsigned char bytes[16];
	if (nargs || names)
		return call_python(PyModule_GetState(module), HELD_UUIDS, "uuid4", NULL, args, nargs, names);
	if (bytes_draw(bytes, sizeof bytes, 1))
		return NULL;
	bytes[6] = (bytes[6] & 0x0f) | 0x40;	/* the version */
	bytes[8] = (bytes[8] & 0x3f) | 0x80;	/* the variant */
	return make(PyModule_GetState(module), bytes);
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
	if (nargs || names)
		return call_python(state, HELD_UUIDS, "uuid7", NULL, args, nargs, names);
	if (bytes_draw(drawn, sizeof drawn, 1))	/* first, because it may release the GIL */
		return NULL;
	LOCK();
	uuid7_next(&state->last, now(), drawn);
	uuid7_put(&state->last, bytes);
	UNLOCK();
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
	PyObject *uuid, *unknown, *name, *python;
	if (!PyArg_ParseTuple(args, "O!OUO!:uuids", &PyType_Type, &uuid, &unknown, &name, &PyDict_Type, &python))
		return NULL;
	state_set(&state->held[HELD_UUIDS], python);
	state_set(&state->held[HELD_UUID], uuid);
	state_set(&state->held[HELD_UNKNOWN], unknown);
	return Py_BuildValue("(NN)", PyCFunction_NewEx(&functions[0], module, name), PyCFunction_NewEx(&functions[1], module, name));
}
