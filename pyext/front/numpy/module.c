/* The module _numpy, with the type BitGen: what stands behind one bit generator of numpy's, and its lock. numpy enters the lock around each call.
 *
 * A lock of our own, because it has to see that there are numbers for the call, or raise; and because one of
 * Python's, held by another thread at a fork, would be held in the child for ever. This one lies in the memory that
 * fork wipes. The owner may enter it again, as with numpy's own since 2.4. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/interpreter.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "numpy/bitgen.h"
#include "runtime/thread.h"

typedef struct {
	PyObject_HEAD
	struct bitgen_user user;
} BitGen;

static struct bitgen *bits_of(PyObject *self) { return ((BitGen *)self)->user.bits; }

static uint64_t me(void) { return thread_here(); }

static int take_free(struct bitgen *b)
{
	uint32_t free = 0;
	return __atomic_compare_exchange_n(&b->locked, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* 0, or -1 with a signal's exception set. */
static int wait_for(struct bitgen *b)
{
	for (;;) {
		int taken;
		Py_BEGIN_ALLOW_THREADS
		taken = __atomic_exchange_n(&b->locked, 2, __ATOMIC_ACQUIRE) == 0;
		if (!taken)
			syscall(SYS_futex, &b->locked, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
		Py_END_ALLOW_THREADS
		if (taken)
			return 0;
		if (PyErr_CheckSignals())
			return -1;
	}
}

/* Where fork does not wipe, the first thread of a child to come here makes the lock anew. */
static void look_for_a_fork(PyObject *self)
{
	struct bitgen *b = bits_of(self);
	BEGIN_ALONE(self);
	if (b->generation != *base->fork_generation) {
		b->locked = 0;
		b->owner = 0;
		b->generation = *base->fork_generation;
	}
	END_ALONE();
}

static int lock(struct bitgen *b)
{
	if (__atomic_load_n(&b->owner, __ATOMIC_RELAXED) == me()) {
		b->depth++;
		return 0;
	}
	if (!take_free(b) && wait_for(b))
		return -1;
	b->depth = 1;
	__atomic_store_n(&b->owner, me(), __ATOMIC_RELAXED);
	return 0;
}

static int is_mine(struct bitgen *b) { return __atomic_load_n(&b->owner, __ATOMIC_RELAXED) == me(); }

static void unlock(struct bitgen *b)
{
	if (--b->depth)
		return;
	__atomic_store_n(&b->owner, 0, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&b->locked, 0, __ATOMIC_RELEASE) == 2)
		syscall(SYS_futex, &b->locked, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static PyObject *enter(PyObject *self, PyObject *unused)
{
	struct bitgen_user *u = &((BitGen *)self)->user;
	struct bitgen *b = u->bits;
	(void)unused;
	if (!base->pages_wiped_at_fork)
		look_for_a_fork(self);
	do {
		if (lock(b))
			return NULL;
		/* In a child, the mark of a thread that was in the memory at the fork and does not exist here. */
		if (b->depth == 1 && b->made.process != base->process_stamp())
			__atomic_store_n(&u->taken, 0, __ATOMIC_RELAXED);
		if (bitgen_ensure(u)) {
			if (is_mine(b))
				unlock(b);
			return NULL;
		}
	} while (!is_mine(b));	/* a signal's Python handler has forked while the kernel was waited for: the child's lock is free */
	Py_RETURN_TRUE;
}

/* A process that was forked inside the with block finds the lock free, and nobody's. */
static PyObject *leave(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	struct bitgen *b = bits_of(self);
	(void)args, (void)nargs;
	if (is_mine(b))
		unlock(b);
	Py_RETURN_NONE;
}

static PyObject *release(PyObject *self, PyObject *unused)
{
	struct bitgen *b = bits_of(self);
	(void)unused;
	if (!is_mine(b)) {
		PyErr_SetString(PyExc_RuntimeError, "cannot release a lock that this thread does not hold");
		return NULL;
	}
	unlock(b);
	Py_RETURN_NONE;
}

static PyObject *locked(PyObject *self, PyObject *unused)
{
	(void)unused;
	return PyBool_FromLong(__atomic_load_n(&bits_of(self)->locked, __ATOMIC_RELAXED) != 0);
}

/* Writes our functions into the struct of a capsule that numpy has made. */
static PyObject *install(PyObject *self, PyObject *capsule)
{
	struct numpy_bitgen *to = PyCapsule_GetPointer(capsule, "BitGenerator");
	if (!to)
		return NULL;
	bitgen_install(&((BitGen *)self)->user, to);
	Py_RETURN_NONE;
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *names)
{
	if (PyTuple_Size(args) || (names && PyDict_Size(names)))
		return PyErr_Format(PyExc_TypeError, "BitGen() takes no arguments");
	BitGen *self = (BitGen *)PyType_GenericAlloc(type, 0);
	if (!self)
		return NULL;
	if (bitgen_init(&self->user)) {
		Py_DECREF((PyObject *)self);
		return PyErr_NoMemory();
	}
	return (PyObject *)self;
}

static void dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	bitgen_free(bits_of(self));
	freefunc release_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release_memory(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	{"install", install, METH_O, NULL},
	{"__enter__", enter, METH_NOARGS,
	 "__enter__($self, /)\n--\n\n"
	 "Waits for the lock, and sees that there are numbers: OSError if the system's generator gives no bytes."},
	{"__exit__", (PyCFunction)(void (*)(void))leave, METH_FASTCALL, "__exit__($self, *args)\n--\n\nGives the lock back."},
	{"acquire", enter, METH_NOARGS, "acquire($self, /)\n--\n\nAs entering a with block. Always waits."},
	{"release", release, METH_NOARGS,
	 "release($self, /)\n--\n\nGives the lock back; RuntimeError in a thread that does not hold it."},
	{"locked", locked, METH_NOARGS, "locked($self, /)\n--\n\nDoes any thread of this process hold the lock?"},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, "The lock of a gorandom.BitGenerator, for with blocks. Its owner may enter it again. Free in a forked child."},
	{Py_tp_new, new},
	{Py_tp_dealloc, dealloc},
	{Py_tp_methods, methods},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "gorandom._numpy.BitGen",
	.basicsize = sizeof(BitGen),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};

const struct base *base;

static int exec(PyObject *module)
{
	const struct base *found = base_import();
	if (!found)
		return -1;
	__atomic_store_n(&base, found, __ATOMIC_RELAXED);	/* the same in every interpreter */
	PyObject *type = PyType_FromSpec(&spec);
	int r = PyModule_AddObjectRef(module, "BitGen", type);
	Py_XDECREF(type);
	return r;
}

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_numpy"};

PyMODINIT_FUNC PyInit__numpy(void)
{
	static PyModuleDef_Slot declared[] = SLOTS(exec);
	return module_new(&definition, declared);
}
