#ifndef GORANDOM_HAND_H
#define GORANDOM_HAND_H

#include <Python.h>

/* keystream(kernel, key, counter, n), for the self-test. */
PyObject *hand_keystream(PyObject *module, PyObject *args);

/* Adds the type State and the numbers of its operations to the module. 0, or -1 with an exception set. */
int hand_add_type(PyObject *module);

#endif
