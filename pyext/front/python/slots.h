/* What a module declares of itself. CPython refuses slots that it does not know, so they are chosen by
 * the interpreter that loads us, not by the headers that built us: each version knows those from some place on. */
#ifndef GORANDOM_SLOTS_H
#define GORANDOM_SLOTS_H

#include <Python.h>

/* The numbers of Python 3.13's Py_mod_gil and 3.12's Py_mod_multiple_interpreters, and the values that
 * say "no GIL needed" and "each interpreter with a GIL of its own". */
#define SLOTS(exec) {{4, (void *)1}, {3, (void *)2}, {Py_mod_exec, (void *)(exec)}, {0, NULL}}

static inline PyModuleDef_Slot *slots_known(PyModuleDef_Slot slots[])
{
	return slots + (Py_Version < 0x030d0000) + (Py_Version < 0x030c0000);
}

#endif
