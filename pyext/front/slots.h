/* What a module declares of itself. CPython refuses slots that it does not know, so they are chosen by
 * the interpreter that loads us, not by the headers that built us. */
#ifndef GORANDOM_SLOTS_H
#define GORANDOM_SLOTS_H

#include <Python.h>

#define SLOTS 4

/* The numbers of Python 3.12's Py_mod_multiple_interpreters and 3.13's Py_mod_gil, and the values that
 * say "each interpreter with a GIL of its own" and "no GIL needed". */
static PyModuleDef_Slot *slots_for(PyModuleDef_Slot slots[SLOTS], int (*exec)(PyObject *))
{
	int n = 0;
	slots[n++] = (PyModuleDef_Slot){Py_mod_exec, (void *)exec};
	if (Py_Version >= 0x030c0000)
		slots[n++] = (PyModuleDef_Slot){3, (void *)2};
	if (Py_Version >= 0x030d0000)
		slots[n++] = (PyModuleDef_Slot){4, (void *)1};
	slots[n] = (PyModuleDef_Slot){0, NULL};
	return slots;
}

#endif
