#ifndef GORANDOM_HAND_H
#define GORANDOM_HAND_H

#include "python/interpreter.h"

/* keystream(kernel, key, counter, n), for the self-test. */
PyObject *hand_keystream(PyObject *module, PyObject *args);

/* Has every core of this process and of its children use the kernel of this name; NULL: the core chooses. -1: there is none.
 * names: those that there are, in quotes. */
int hand_choose_kernel(const char *name, char *names, size_t n);

/* Adds the type State and the numbers of its operations to the module. 0, or -1 with an exception set. */
int hand_add_type(PyObject *module);

#endif
