/* The gate as gopy's glue sees it. build/generate.py writes these two macros around each call of Go, and
 * around nothing else: arguments are parsed before, the result is made and errors are raised after. */
#ifndef GORANDOM_GATE_H
#define GORANDOM_GATE_H

#include "front.h"

#define GATE_CAPSULE "gorandom._front._gate"

struct gate_api {
	int (*enter)(struct visit *);	/* -1: no core is alive, or no place was found */
	char *(*leave)(struct visit *);	/* the text of Go's error, to free(), or NULL */
};

#define GATE_IN(api) \
	{ \
		struct visit visit; \
		char *go_error = NULL; \
		int outside; \
		Py_BEGIN_ALLOW_THREADS \
		outside = (api)->enter(&visit); \
		if (!outside) {

#define GATE_OUT(api) \
			go_error = (api)->leave(&visit); \
		} \
		Py_END_ALLOW_THREADS \
		if (outside) \
			PyErr_SetString(PyExc_RuntimeError, "this process has no core"); \
		else if (go_error) { \
			PyErr_SetString(PyExc_RuntimeError, go_error); \
			free(go_error); \
		} \
	}

#endif
