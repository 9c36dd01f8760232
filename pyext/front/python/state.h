/* What an interpreter's module _front holds. */
#ifndef GORANDOM_STATE_H
#define GORANDOM_STATE_H

#include "python/interpreter.h"

#include "pure/uuid7.h"

enum family { SYSTEM_RANDOM, SECRETS, STRONG_RANDOM, FAMILIES };	/* of functions that make numbers */

#define ROOTS 3	/* methods of SystemRandom on which the others rest */

struct state {
	PyObject *numbers;	/* the type Numbers */
	PyObject *python[FAMILIES];	/* a tuple: the family's functions in Python, for what C leaves to them */
	PyObject *root_names[ROOTS], *roots[ROOTS];
	PyObject *from_bytes;	/* int's */
	PyObject *secrets, *default_entropy;	/* that module's dict, and a name in it */

	PyObject *replaced;	/* a list: state_set() */

	PyObject *uuid, *uuid_unknown, *uuid_int, *uuid_is_safe;	/* uuid.UUID, SafeUUID.unknown, and two names */
	struct uuid7 last;	/* used by one thread at a time: alone.h */
};

/* For what is set when a module in Python is imported, and again when that is imported anew. */
static inline PyObject *state_get(PyObject *const *place) { return __atomic_load_n(place, __ATOMIC_ACQUIRE); }

/* Where there is no GIL another thread may be using what stood there: it is kept for as long as the module. */
static inline void state_set(struct state *state, PyObject **place, PyObject *value)
{
	Py_XINCREF(value);
	PyObject *old = __atomic_exchange_n(place, value, __ATOMIC_ACQ_REL);
#ifdef Py_GIL_DISABLED
	if (old && PyList_Append(state->replaced, old))
		PyErr_Clear();	/* kept for ever */
	else
#endif
	Py_XDECREF(old);
	(void)state;
}

#endif
