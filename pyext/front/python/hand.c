/* Fortuna driven by hand, for PyCrypto's classes: the type State holds the state of a hash or a generator in
 * memory of its own, undumped and locked if possible, and lends it to the core for each call. Unlike the
 * pools it is not wiped at fork: it is the program's, which finds it in its child as it was.
 *
 * And an AES kernel by hand, for the self-test. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/interpreter.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "pure/erase.h"
#include "python/hand.h"
#include "runtime/runtime.h"

#define PATIENCE 10000000000	/* ns; there is nobody else to serve this call */

typedef struct {
	PyObject_HEAD
	int kind;
	size_t size;
	void *memory;	/* whole pages */
	uint64_t user;	/* process_stamp() while one thread lends it to the core: GIL or not, two must not. 0: nobody does */
} State;

static size_t pages(size_t n) { return (n + PAGE - 1) / PAGE * PAGE; }

/* In the gate of this process's core, which is started if need be. 0 or -1. Between this and gate_leave() nobody may wait
 * for the GIL: at the interpreter's end that wait is for ever, and the place would be lost. */
static int enter(struct visit *v)
{
	if (!start_has_core())
		draw_start_core();
	return gate_enter(v, PATIENCE);
}

static void *no_core(void)
{
	const char *why = start_reason();
	return PyErr_Format(PyExc_RuntimeError, "this needs the core: %s", why ? why : "it is busy");
}

static PyObject *allocate(PyTypeObject *type, int kind, size_t size)
{
	State *self = (State *)PyType_GenericAlloc(type, 0);
	if (!self)
		return NULL;
	self->kind = kind;
	self->size = size;
	self->memory = mmap(NULL, pages(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (self->memory == MAP_FAILED || madvise(self->memory, pages(size), MADV_DONTDUMP)) {
		Py_DECREF(self);
		return PyErr_NoMemory();
	}
	(void)mlock(self->memory, pages(size));
	return (PyObject *)self;
}

static PyObject *state_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
	int kind;
	struct visit v;
	if (names && PyDict_Size(names))
		return PyErr_Format(PyExc_TypeError, "State() takes no keyword arguments");
	if (!PyArg_ParseTuple(args, "i:State", &kind))
		return NULL;
	if (kind < 0 || kind >= HAND_KINDS)
		return PyErr_Format(PyExc_ValueError, "no such kind of state: %d", kind);
	size_t size = 0;
	Py_BEGIN_ALLOW_THREADS
	if (enter(&v) == 0) {
		size = core->hand_size(kind);
		gate_leave(&v);
	}
	Py_END_ALLOW_THREADS
	return size ? allocate(type, kind, size) : no_core();
}

static void state_dealloc(PyObject *o)
{
	State *self = (State *)o;
	PyTypeObject *type = Py_TYPE(o);
	if (self->memory && self->memory != MAP_FAILED) {
		erase(self->memory, self->size);
		munmap(self->memory, pages(self->size));
	}
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(o);
	Py_DECREF(type);
}

static int borrow(State *self)
{
	fork_check();
	uint64_t user = 0;
	if (__atomic_compare_exchange_n(&self->user, &user, process_stamp(), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return 0;
	PyErr_SetString(PyExc_RuntimeError, user == process_stamp() ? "another thread is using this object"
		: "another thread was using this object at the fork(), which has left it half changed here: make a new one");
	return -1;
}

static void give_back(State *self) { __atomic_store_n(&self->user, 0, __ATOMIC_RELEASE); }

static PyObject *state_copy(PyObject *o, PyObject *unused)
{
	(void)unused;
	State *self = (State *)o;
	if (borrow(self))
		return NULL;
	PyObject *copy = allocate(Py_TYPE(o), self->kind, self->size);
	if (copy)
		memcpy(((State *)copy)->memory, self->memory, self->size);
	give_back(self);
	return copy;
}

static const size_t fixed_out[HAND_OPERATIONS] = {
	[HASH_DIGEST] = 32, [HASH_LENGTH] = 8, [GENERATOR_KEY] = 32, [GENERATOR_COUNTER] = 16, [GENERATOR_STEP] = 16,
};

static int operate(State *self, int operation, const Py_buffer *in, void *out, size_t m)
{
	struct visit v;
	int closed, r = 0;
	if (borrow(self))
		return -1;
	Py_BEGIN_ALLOW_THREADS
	closed = enter(&v);
	if (!closed) {
		r = core->hand(operation, self->memory, in->buf, (size_t)in->len, out, m);
		gate_leave(&v);
	}
	Py_END_ALLOW_THREADS
	give_back(self);
	if (closed)
		no_core();
	else if (r == GORANDOM_UNSEEDED)
		PyErr_SetString(PyExc_AssertionError, "generator must be seeded before use");
	else if (r)
		PyErr_SetString(PyExc_RuntimeError, "internal error in the core");
	return closed || r ? -1 : 0;
}

static PyObject *state_call(PyObject *o, PyObject *args)
{
	State *self = (State *)o;
	int operation;
	Py_buffer in = {.buf = NULL, .len = 0};
	Py_ssize_t n = 0;
	if (!PyArg_ParseTuple(args, "i|y*n:call", &operation, &in, &n))
		return NULL;
	PyObject *out = NULL;
	if (operation < 0 || operation >= HAND_OPERATIONS || (operation < GENERATOR_RESEED) != (self->kind == HAND_HASH) || n < 0) {
		PyErr_SetString(PyExc_ValueError, "no such operation on this state");
		goto end;
	}
	size_t m = fixed_out[operation] ? fixed_out[operation] : operation == GENERATOR_DATA || operation == GENERATOR_REQUEST ? (size_t)n : 0;
	out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)m);
	if (out && operate(self, operation, &in, PyBytes_AsString(out), m)) {
		Py_DECREF(out);
		out = NULL;
	}
end:
	if (in.obj)
		PyBuffer_Release(&in);
	return out;
}

/* The kernels of package keystream for this architecture, slowest first. Which the processor has is the core's to know. */
static const char *const kernels[] = {
	"generic",
#if defined __x86_64__
	"aesni", "vaes256", "vaes512",
#elif defined __aarch64__
	"armv8",
#endif
};
#define KERNELS (Py_ssize_t)(sizeof kernels / sizeof *kernels)

int hand_choose_kernel(const char *name, char *names, size_t n)
{
	*names = 0;
	for (Py_ssize_t i = 0; i < KERNELS; i++) {
		size_t end = strlen(names);
		snprintf(names + end, n - end, "%s\"%s\"", end ? ", " : "", kernels[i]);
		if (name && strcmp(name, kernels[i]) == 0)
			start_keystream = kernels[i];
	}
	return name && !start_keystream ? -1 : 0;
}

#define KEY_BYTES 32
#define BLOCK_BYTES 16

PyObject *hand_keystream(PyObject *module, PyObject *args)
{
	const char *kernel, *key, *counter;
	Py_ssize_t key_bytes, counter_bytes, n;
	struct visit v;
	(void)module;
	if (!PyArg_ParseTuple(args, "sy#y#n:keystream", &kernel, &key, &key_bytes, &counter, &counter_bytes, &n))
		return NULL;
	if (key_bytes != KEY_BYTES || counter_bytes != BLOCK_BYTES || n < 0) {
		PyErr_SetString(PyExc_ValueError, "keystream takes a key of 32 bytes, a counter of 16 and a size");
		return NULL;
	}
	PyObject *out = PyBytes_FromStringAndSize(NULL, n);
	if (!out)
		return NULL;
	char *dst = PyBytes_AsString(out);
	int closed, r = 0;
	Py_BEGIN_ALLOW_THREADS
	closed = enter(&v);
	if (!closed) {
		r = core->keystream(kernel, key, counter, dst, (size_t)n);
		gate_leave(&v);
	}
	Py_END_ALLOW_THREADS
	if (!closed && !r)
		return out;
	Py_DECREF(out);
	return closed ? no_core() : PyErr_Format(PyExc_ValueError, "the core has no kernel \"%s\"", kernel);
}

static PyObject *kernel_names(void)
{
	PyObject *names = PyTuple_New(KERNELS);
	for (Py_ssize_t i = 0; names && i < KERNELS; i++) {
		PyObject *name = PyUnicode_FromString(kernels[i]);
		if (!name || PyTuple_SetItem(names, i, name))
			Py_CLEAR(names);
	}
	return names;
}

static PyMethodDef state_methods[] = {
	{"call", state_call, METH_VARARGS, NULL},
	{"copy", state_copy, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot state_slots[] = {
	{Py_tp_new, state_new},
	{Py_tp_dealloc, state_dealloc},
	{Py_tp_methods, state_methods},
	{0, NULL},
};

static PyType_Spec state_spec = {
	.name = "gorandom._front.State",
	.basicsize = sizeof(State),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = state_slots,
};

int hand_add_type(PyObject *module)
{
	static const struct { const char *name; int value; } numbers[] = {
		{"HAND_HASH", HAND_HASH}, {"HAND_GENERATOR", HAND_GENERATOR}, {"HASH_UPDATE", HASH_UPDATE},
		{"HASH_DIGEST", HASH_DIGEST}, {"HASH_LENGTH", HASH_LENGTH}, {"GENERATOR_RESEED", GENERATOR_RESEED},
		{"GENERATOR_DATA", GENERATOR_DATA}, {"GENERATOR_REQUEST", GENERATOR_REQUEST},
		{"GENERATOR_KEY", GENERATOR_KEY}, {"GENERATOR_COUNTER", GENERATOR_COUNTER}, {"GENERATOR_STEP", GENERATOR_STEP},
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (PyModule_AddIntConstant(module, numbers[i].name, numbers[i].value))
			return -1;
	PyObject *names = kernel_names();
	int r = names ? PyModule_AddObjectRef(module, "KERNELS", names) : -1;
	Py_XDECREF(names);
	if (r)
		return -1;
	PyObject *type = PyType_FromModuleAndSpec(module, &state_spec, NULL);
	r = type ? PyModule_AddObjectRef(module, "State", type) : -1;
	Py_XDECREF(type);
	return r;
}
