#ifndef GORANDOM_HAND_H
#define GORANDOM_HAND_H

#include <Python.h>

/* Adds the type State and the numbers of its operations to the module. 0, or -1 with an exception set. */
int hand_add_type(PyObject *module);

#endif
