#ifndef GORANDOM_SWAP_H
#define GORANDOM_SWAP_H

#include "python/interpreter.h"

#pragma GCC visibility push(hidden)

/* Two items of a list, an exact one, change places. 0, or -1 with IndexError: another thread has made it shorter. No
 * item is lost or comes twice, unless another thread puts one into a place meanwhile. */
int swap_items(PyObject *list, Py_ssize_t i, Py_ssize_t j);

#pragma GCC visibility pop

#endif
