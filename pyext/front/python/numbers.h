#ifndef GORANDOM_NUMBERS_H
#define GORANDOM_NUMBERS_H

#include "python/interpreter.h"

#pragma GCC visibility push(hidden)

/* numbers(family, module, python, namespace, /): what stands in C for the functions of a family, as a tuple in the
 * family's order. python: the functions themselves in Python, called for whatever C leaves to them. */
PyObject *numbers(PyObject *module, PyObject *args);

/* Adds the type Numbers. 0, or -1 with an exception set. */
int numbers_add(PyObject *module);

#pragma GCC visibility pop

#endif
