/* What an interpreter's module _front holds. */
#ifndef GORANDOM_STATE_H
#define GORANDOM_STATE_H

#include <Python.h>

#include "uuid7.h"

enum family { SYSTEM_RANDOM, SECRETS, STRONG_RANDOM, FAMILIES };	/* of functions that make numbers */

#define ROOTS 3	/* methods of SystemRandom on which the others rest */

struct state {
	PyObject *numbers;	/* the type Numbers */
	PyObject *python[FAMILIES];	/* a tuple: the family's functions in Python, for what C leaves to them */
	PyObject *root_names[ROOTS], *roots[ROOTS];
	PyObject *from_bytes;	/* int's */
	PyObject *secrets, *default_entropy;	/* that module's dict, and a name in it */

	PyObject *uuid, *uuid_unknown, *uuid_int, *uuid_is_safe;	/* uuid.UUID, SafeUUID.unknown, and two names */
	struct uuid7 last;	/* the GIL's holder goes on from it */
};

#endif
