#ifndef GORANDOM_DIGEST_H
#define GORANDOM_DIGEST_H

#include "python/interpreter.h"

#pragma GCC visibility push(hidden)

/* For the module's table of methods: METH_FASTCALL. */
PyObject *compare_digest(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
extern const char compare_digest_doc[];

#pragma GCC visibility pop

#endif
