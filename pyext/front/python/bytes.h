/* Draws for Python: who waits, who gives the GIL away, and which exception is raised. */
#pragma once

#include "python/interpreter.h"

#pragma GCC visibility push(hidden)

/* n bytes at dst, for the calling thread, which holds the GIL and gets it back. 0, or -1 with an exception set and zeros
 * where random bytes were. wait: what to do while the system's generator is not ready: wait for it, or raise. */
int bytes_draw(unsigned char *dst, size_t n, int wait);

/* For the module's table of methods. */
PyObject *bytes_get(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names);
PyObject *bytes_urandom(PyObject *module, PyObject *n);
PyObject *bytes_fill(PyObject *module, PyObject *buffer);
PyObject *bytes_wait(PyObject *module, PyObject *seconds);
PyObject *bytes_reseed(PyObject *module, PyObject *unused);

#pragma GCC visibility pop
