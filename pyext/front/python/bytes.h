/* Draws for Python: which wait, which release the GIL, and which exception is raised. */
#pragma once

#include "python/interpreter.h"

#pragma GCC visibility push(hidden)

/* Puts n bytes at dst. The caller holds the GIL, before and after. 0, or -1 with an exception set and zeros where random
 * bytes were. wait: whether to wait while the system's generator is not ready; otherwise that raises. */
int bytes_draw(unsigned char *dst, size_t n, int wait);

/* For the module's table of methods. */
PyObject *bytes_get(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names);
PyObject *bytes_urandom(PyObject *module, PyObject *n);
PyObject *bytes_fill(PyObject *module, PyObject *buffer);
PyObject *bytes_wait(PyObject *module, PyObject *seconds);
PyObject *bytes_reseed(PyObject *module, PyObject *unused);

#pragma GCC visibility pop
