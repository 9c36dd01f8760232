/* The gate as gopy's glue sees it. gopy/generate.py writes these two macros around each call of Go, and around
 * nothing else: arguments are parsed before, the result is made and errors are raised after. */
#pragma once

#include "python/base.h"

#define GATE_IN(base) \
	{ \
		struct visit visit; \
		int outside, panicked = 0; \
		Py_BEGIN_ALLOW_THREADS \
		outside = (base)->enter(&visit); \
		if (!outside) {

#define GATE_OUT(base) \
			panicked = (base)->leave(&visit); \
		} \
		Py_END_ALLOW_THREADS \
		if (outside) \
			PyErr_SetString(PyExc_RuntimeError, "this process has no core"); \
		else if (panicked) \
			PyErr_SetString(PyExc_SystemError, "internal error in the core"); \
	}
