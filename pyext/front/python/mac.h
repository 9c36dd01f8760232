#ifndef GORANDOM_MAC_H
#define GORANDOM_MAC_H

#include "python/interpreter.h"

/* hmac(algorithm, key, message, /): bytes; or None where neither this front nor a core can make the tag. */
PyObject *mac_once(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

/* Adds the type Key and the table of algorithms to the module. 0, or -1 with an exception set. */
int mac_add(PyObject *module);

#endif
