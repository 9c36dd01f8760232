#include "python/swap.h"


#ifdef Py_GIL_DISABLED

/* In place: the functions for single items would let go of the list's lock in between. Stored atomically, because
 * CPython reads items without that lock. */
int swap_items(PyObject *list, Py_ssize_t i, Py_ssize_t j)
{
	int there;
	BEGIN_ALONE(list);
	there = i < PyList_GET_SIZE(list) && j < PyList_GET_SIZE(list);
	if (there) {
		PyObject **items = ((PyListObject *)list)->ob_item, *item = items[i];
		__atomic_store_n(&items[i], items[j], __ATOMIC_RELEASE);
		__atomic_store_n(&items[j], item, __ATOMIC_RELEASE);
	}
	END_ALONE();
	if (!there)
		PyErr_SetString(PyExc_IndexError, "list index out of range");
	return there ? 0 : -1;
}

#else

int swap_items(PyObject *list, Py_ssize_t i, Py_ssize_t j)
{
	PyObject *a = PyList_GetItem(list, i), *b = PyList_GetItem(list, j);
	if (!a || !b)
		return -1;
	Py_INCREF(a);
	Py_INCREF(b);
	int r = PyList_SetItem(list, i, b);
	return PyList_SetItem(list, j, a) || r ? -1 : 0;
}

#endif
