/* What runs between the two is one thread's at a time: of those that name the same object, where there is no GIL; and
 * of all, where the GIL is held. No Python code may run there, nor anything that gives the GIL away. */
#ifndef GORANDOM_ALONE_H
#define GORANDOM_ALONE_H

#include <Python.h>

#ifdef Py_GIL_DISABLED
#define BEGIN_ALONE(object) Py_BEGIN_CRITICAL_SECTION(object)
#define END_ALONE() Py_END_CRITICAL_SECTION()
#else
#define BEGIN_ALONE(object) { (void)(object)
#define END_ALONE() }
#endif

#endif
