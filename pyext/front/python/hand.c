/* Fortuna driven by hand, for PyCrypto's classes: the type State holds the state of a hash or a generator in memory
 * for secrets (secret.c) and lends it to the core for each call. It is the program's, which finds it in its forked
 * child as it was.
 *
 * And an AES kernel by hand, for the self-test. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/front.h"
#include <string.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "python/secret.h"
#include "runtime/runtime.h"

#define PATIENCE 10000000000	/* ns; there is nobody else to serve this call */

typedef struct {
	PyObject_HEAD
	int kind;
	void *memory;
	uint64_t user;	/* process_stamp() while one thread lends it to the core: GIL or not, two must not. 0: nobody does */
} State;

struct stay {	/* of this thread in the core, without the GIL */
	struct visit visit;
	PyThreadState *left;
};

static int has_core(void) { return core_alive() || draw_start_core(); }

static void *no_core(void)
{
	const char *why = start_reason();
	return PyErr_Format(PyExc_RuntimeError, "this needs the core: %s", why ? why : "it is busy");
}

/* Into this process's core, which is started if need be. 0, or -1 with an exception set. Until leave() nobody may wait
 * for the GIL: at the interpreter's end that wait is for ever, and the place would be lost. */
static int enter(struct stay *s)
{
	s->left = PyEval_SaveThread();
	(void)has_core();
	if (gate_enter(&s->visit, PATIENCE) == 0)
		return 0;
	PyEval_RestoreThread(s->left);
	no_core();
	return -1;
}

static void leave(struct stay *s)
{
	gate_leave(&s->visit);
	PyEval_RestoreThread(s->left);
}

/* ---- State ---- */

static PyObject *allocate(PyTypeObject *type, int kind)
{
	State *self = (State *)PyType_GenericAlloc(type, 0);
	if (!self)
		return NULL;
	self->kind = kind;
	self->memory = secret_take(HAND_STATE);
	if (self->memory)
		return (PyObject *)self;
	Py_DECREF((PyObject *)self);
	return PyErr_NoMemory();
}

static PyObject *state_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
	int kind, found;
	if (names && PyDict_Size(names))
		return PyErr_Format(PyExc_TypeError, "State() takes no keyword arguments");
	if (!PyArg_ParseTuple(args, "i:State", &kind))
		return NULL;
	if (kind < 0 || kind >= HAND_KINDS)
		return PyErr_Format(PyExc_ValueError, "no such kind of state: %d", kind);
	Py_BEGIN_ALLOW_THREADS
	found = has_core();
	Py_END_ALLOW_THREADS
	return found ? allocate(type, kind) : no_core();
}

static void state_dealloc(PyObject *o)
{
	PyTypeObject *type = Py_TYPE(o);
	secret_give(((State *)o)->memory, HAND_STATE);
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
	PyObject *copy = allocate(Py_TYPE(o), self->kind);
	if (copy)
		memcpy(((State *)copy)->memory, self->memory, HAND_STATE);
	give_back(self);
	return copy;
}

static int operate(State *self, int operation, const Py_buffer *in, void *out, size_t m)
{
	struct stay stay;
	int r = -1;
	if (borrow(self))
		return -1;
	if (enter(&stay) == 0) {
		r = core->hand(operation, self->memory, in->buf, (size_t)in->len, out, m);
		leave(&stay);
		if (r == GORANDOM_UNSEEDED)
			PyErr_SetString(PyExc_AssertionError, "generator must be seeded before use");
		else if (r)
			PyErr_SetString(PyExc_RuntimeError, "internal error in the core");
	}
	give_back(self);
	return r;
}

static size_t output_size(int operation, Py_ssize_t n)
{
	static const size_t fixed[HAND_OPERATIONS] = {
		[HASH_DIGEST] = 32, [HASH_LENGTH] = 8, [GENERATOR_KEY] = 32, [GENERATOR_COUNTER] = 16, [GENERATOR_STEP] = 16,
	};
	return operation == GENERATOR_DATA || operation == GENERATOR_REQUEST ? (size_t)n : fixed[operation];
}

static PyObject *state_call(PyObject *o, PyObject *args)
{
	State *self = (State *)o;
	int operation;
	Py_buffer in = {.buf = NULL, .len = 0};
	Py_ssize_t n = 0;
	PyObject *out = NULL;
	if (!PyArg_ParseTuple(args, "i|y*n:call", &operation, &in, &n))
		return NULL;
	if (operation < 0 || operation >= HAND_OPERATIONS || (operation < GENERATOR_RESEED) != (self->kind == HAND_HASH) || n < 0) {
		PyErr_SetString(PyExc_ValueError, "no such operation on this state");
	} else {
		size_t m = output_size(operation, n);
		out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)m);
		if (out && operate(self, operation, &in, PyBytes_AsString(out), m))
			Py_CLEAR(out);
	}
	if (in.obj)
		PyBuffer_Release(&in);
	return out;
}

/* ---- kernels ---- */

/* Those of package keystream for this architecture, slowest first. Which the processor has is the core's to know. */
#if defined __x86_64__
#define KERNELS(X) X("generic") X("aesni") X("vaes256") X("vaes512")
#elif defined __aarch64__
#define KERNELS(X) X("generic") X("armv8")
#else
#define KERNELS(X) X("generic")
#endif

#define ITEM(name) name,
#define FORMAT(name) "s"
static const char *const kernels[] = {KERNELS(ITEM) NULL};

const char *hand_choose_kernel(const char *name)
{
#define QUOTED(name) ", \"" name "\""
	static const char names[] = KERNELS(QUOTED);
	for (int i = 0; name && kernels[i]; i++)
		if (strcmp(name, kernels[i]) == 0)
			start_keystream = kernels[i];
	return name && !start_keystream ? names + strlen(", ") : NULL;
}

#define KEY_BYTES 32
#define BLOCK_BYTES 16

PyObject *hand_keystream(PyObject *module, PyObject *args)
{
	const char *kernel, *key, *counter;
	Py_ssize_t key_bytes, counter_bytes, n;
	struct stay stay;
	(void)module;
	if (!PyArg_ParseTuple(args, "sy#y#n:keystream", &kernel, &key, &key_bytes, &counter, &counter_bytes, &n))
		return NULL;
	if (key_bytes != KEY_BYTES || counter_bytes != BLOCK_BYTES || n < 0)
		return PyErr_Format(PyExc_ValueError, "keystream takes a key of 32 bytes, a counter of 16 and a size");
	PyObject *out = PyBytes_FromStringAndSize(NULL, n);
	char *dst = out ? PyBytes_AsString(out) : NULL;
	if (dst && enter(&stay) == 0) {
		int r = core->keystream(kernel, key, counter, dst, (size_t)n);
		leave(&stay);
		if (!r)
			return out;
		PyErr_Format(PyExc_ValueError, "the core has no kernel \"%s\"", kernel);
	}
	Py_XDECREF(out);
	return NULL;
}

/* ---- for the module ---- */

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

int hand_add(PyObject *module)
{
#define NUMBER(name) {#name, name}
	static const struct { const char *name; int value; } numbers[] = {
		NUMBER(HAND_HASH), NUMBER(HAND_GENERATOR), NUMBER(HASH_UPDATE), NUMBER(HASH_DIGEST), NUMBER(HASH_LENGTH),
		NUMBER(GENERATOR_RESEED), NUMBER(GENERATOR_DATA), NUMBER(GENERATOR_REQUEST), NUMBER(GENERATOR_KEY),
		NUMBER(GENERATOR_COUNTER), NUMBER(GENERATOR_STEP),
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (PyModule_AddIntConstant(module, numbers[i].name, numbers[i].value))
			return -1;
	PyObject *names = Py_BuildValue("(" KERNELS(FORMAT) ")", KERNELS(ITEM) NULL);
	return module_add(module, "KERNELS", names) || module_add(module, "State", PyType_FromModuleAndSpec(module, &state_spec, NULL));
}
