/* How types and modules are made in each ABI, for every extension module of the package. */
#pragma once

#include "python/interpreter.h"

/* Py_TARGET_ABI3T: one library for CPython 3.15 and later with and without a GIL (PEP 803). It hides how an
 * object begins, so our data comes after that, at an offset from Python (PEP 697). Older stable ABIs have no such functions. */
#ifdef Py_TARGET_ABI3T
#define HEAD
#define DATA_SIZE(data) (-(int)sizeof(data))
#define IN_DATA Py_RELATIVE_OFFSET
#define TOKEN(spec) {Py_tp_token, &(spec)},
/* The data of an object whose type, or a base of it, was made from that spec. Works in a garbage collection, too. */
static inline void *object_data(PyObject *o, PyType_Spec *spec)
{
	PyTypeObject *type = NULL;
	PyType_GetBaseByToken_DuringGC(Py_TYPE(o), spec, &type);
	return PyObject_GetTypeData_DuringGC(o, type);
}
#else
#define HEAD PyObject_HEAD
#define DATA_SIZE(data) sizeof(data)
#define IN_DATA 0
#define TOKEN(spec)
#define object_data(o, spec) ((void *)(o))
#endif

/* MODULE(name, exec, METHODS(table) STATE(size, traverse, clear, free)): the function that Python looks for in a library.
 * METHODS and STATE are optional. The module needs no GIL, and works in interpreters that have a GIL of their own. */
#ifdef Py_TARGET_ABI3T
#define METHODS(table) PySlot_STATIC_DATA(Py_mod_methods, table),
#define STATE(size, traverse, clear, free) PySlot_SIZE(Py_mod_state_size, size), PySlot_FUNC(Py_mod_state_traverse, traverse),	\
	PySlot_FUNC(Py_mod_state_clear, clear), PySlot_FUNC(Py_mod_state_free, free),
#define MODULE(name, exec, ...)	\
	PyMODEXPORT_FUNC PyModExport_##name(void);	\
	PyMODEXPORT_FUNC PyModExport_##name(void)	\
	{	\
		PyABIInfo_VAR(abi);	\
		static PySlot slots[] = {PySlot_STATIC_DATA(Py_mod_abi, &abi), PySlot_STATIC_DATA(Py_mod_name, #name),	\
			PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED), PySlot_FUNC(Py_mod_exec, exec),	\
			PySlot_DATA(Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED), __VA_ARGS__ PySlot_END};	\
		return slots;	\
	}
#else
#define METHODS(table) .m_methods = table,
#define STATE(size, traverse, clear, free) .m_size = size, .m_traverse = traverse, .m_clear = clear, .m_free = free,
/* CPython refuses slots that it does not know. So the interpreter that loads us chooses them, not the headers that built us:
 * each version knows the slots from some position on. The numbers are Python 3.13's Py_mod_gil and 3.12's
 * Py_mod_multiple_interpreters. The values mean "no GIL needed" and "each interpreter with a GIL of its own". */
#define MODULE(name, exec, ...)	\
	PyMODINIT_FUNC PyInit_##name(void)	\
	{	\
		static PyModuleDef_Slot slots[] = {{4, (void *)1}, {3, (void *)2}, {Py_mod_exec, (void *)(exec)}, {0, NULL}};	\
		static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = #name, __VA_ARGS__};	\
		PyModuleDef_Slot *known = slots + (Py_Version < 0x030d0000) + (Py_Version < 0x030c0000);	\
		__atomic_store_n(&definition.m_slots, known, __ATOMIC_RELAXED);	/* interpreters with GILs of their own */	\
		return PyModuleDef_Init(&definition);	\
	}
#endif
