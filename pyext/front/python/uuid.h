#ifndef GORANDOM_UUID_H
#define GORANDOM_UUID_H

#include "python/interpreter.h"

#pragma GCC visibility push(hidden)

/* uuids(UUID, unknown, module, /): the functions uuid4 and uuid7, which make objects of that class. */
PyObject *uuids(PyObject *module, PyObject *args);

#pragma GCC visibility pop

#endif
