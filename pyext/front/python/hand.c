/* Fortuna driven by hand, for PyCrypto's classes. The type State holds a hash or a generator in memory for secrets
 * (secret.c). It belongs to the program, and a forked child finds it unchanged. A hash needs no core. A generator is lent to
 * the core for each call. Without a core, Python continues with the same key and counter (_fortuna.py).
 *
 * And an AES kernel driven by hand, for the self-test. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/front.h"
#include <string.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "guard/secret.h"
#include "pure/erase.h"
#include "pure/sha256.h"
#include "python/abi.h"
#include "runtime/runtime.h"

#define PATIENCE 10000000000	/* ns, for a place in the core */
#define KEY_BYTES 32
#define BLOCK_BYTES 16

enum { HAND_HASH, HAND_GENERATOR };

/* What can be done with a state: enum hand, and what needs no core. */
enum {
	GENERATOR_KEY = HAND_OPERATIONS,	/* out: 32 bytes */
	GENERATOR_COUNTER,	/* out: 16 bytes, the next block */
	GENERATOR_STEP,	/* the same, and moves on to the one after */
	HASH_UPDATE,	/* in: data */
	HASH_DIGEST,	/* out: 32 bytes */
	OPERATIONS,
};

struct hash {	/* SHA-256 applied twice: Cryptography Engineering 5.4.2 */
	uint32_t state[8];	/* after the whole blocks */
	uint64_t length;	/* bytes */
	unsigned char tail[SHA256_BLOCK];	/* the bytes after the whole blocks */
};

typedef struct {
	HEAD
	int kind;
	void *memory;	/* struct hash or struct hand_generator */
	uint64_t user;	/* process_stamp() while a thread uses it. With or without a GIL, two must not. 0: none does */
} State;

static PyType_Spec state_spec;

static State *state_of(PyObject *o) { return object_data(o, &state_spec); }

struct stay {	/* of this thread in the core, without the GIL */
	struct visit visit;
	PyThreadState *left;
};

/* Enters this process's core, and starts it if necessary. 0; or -1: none can be entered. Until leave() do not wait for the
 * GIL: when the interpreter ends, that wait lasts forever, and the place would be lost. */
static int enter(struct stay *s)
{
	s->left = PyEval_SaveThread();
	if ((core_alive() || draw_start_core()) && gate_enter(&s->visit, PATIENCE) == 0)
		return 0;
	PyEval_RestoreThread(s->left);
	return -1;
}

static void leave(struct stay *s)
{
	gate_leave(&s->visit);
	PyEval_RestoreThread(s->left);
}

/* ---- State ---- */

static size_t size_of(int kind) { return kind == HAND_HASH ? sizeof(struct hash) : sizeof(struct hand_generator); }

static PyObject *allocate(PyTypeObject *type, int kind)
{
	PyObject *o = PyType_GenericAlloc(type, 0);
	if (!o)
		return NULL;
	State *self = state_of(o);
	self->kind = kind;
	self->memory = secret_take(size_of(kind));
	if (self->memory)
		return o;
	Py_DECREF(o);
	return PyErr_NoMemory();
}

static PyObject *state_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
	int kind;
	if (names && PyDict_Size(names))
		return PyErr_Format(PyExc_TypeError, "State() takes no keyword arguments");
	if (!PyArg_ParseTuple(args, "i:State", &kind))
		return NULL;
	if (kind != HAND_HASH && kind != HAND_GENERATOR)
		return PyErr_Format(PyExc_ValueError, "no such kind of state: %d", kind);
	PyObject *o = allocate(type, kind);
	if (o && kind == HAND_HASH)
		memcpy(((struct hash *)state_of(o)->memory)->state, sha256_initial, sizeof sha256_initial);
	return o;
}

static void state_dealloc(PyObject *o)
{
	PyTypeObject *type = Py_TYPE(o);
	secret_give(state_of(o)->memory, size_of(state_of(o)->kind));
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
	State *self = state_of(o);
	if (borrow(self))
		return NULL;
	PyObject *copy = allocate(Py_TYPE(o), self->kind);
	if (copy)
		memcpy(state_of(copy)->memory, self->memory, size_of(self->kind));
	give_back(self);
	return copy;
}

static void hash_update(struct hash *h, const unsigned char *p, size_t n)
{
	size_t used = h->length % SHA256_BLOCK;
	h->length += n;
	if (used + n >= SHA256_BLOCK) {
		if (used) {
			size_t rest = SHA256_BLOCK - used;
			memcpy(h->tail + used, p, rest);
			sha256_compress(h->state, h->tail, SHA256_BLOCK);
			p += rest;
			n -= rest;
			used = 0;
		}
		size_t whole = n - n % SHA256_BLOCK;
		if (whole)
			sha256_compress(h->state, p, whole);
		p += whole;
		n -= whole;
	}
	if (n)
		memcpy(h->tail + used, p, n);
}

static PyObject *use_hash(struct hash *h, int operation, const Py_buffer *in)
{
	unsigned char digest[SHA256_BYTES];
	uint32_t state[8];
	if (operation == HASH_UPDATE) {
		PyThreadState *left = leave_gil((size_t)in->len);
		hash_update(h, in->buf, (size_t)in->len);
		fetch_gil(left);
		return PyBytes_FromStringAndSize(NULL, 0);
	}
	size_t rest = h->length % SHA256_BLOCK;
	memcpy(state, h->state, sizeof state);
	sha256_finish(state, h->length - rest, h->tail, rest, digest);
	sha256_once(digest, sizeof digest, digest);
	PyObject *out = PyBytes_FromStringAndSize((const char *)digest, sizeof digest);
	erase(digest, sizeof digest);
	return out;
}

/* Does the operation by python(operation, key or None, counter, data, n), which returns the next key, the next counter and
 * the output. */
static PyObject *generate_in_python(struct hand_generator *g, int operation, const Py_buffer *in, Py_ssize_t n, PyObject *python)
{
	const char *key, *counter;
	Py_ssize_t key_bytes, counter_bytes;
	PyObject *out = NULL;
	PyObject *made = PyObject_CallFunction(python, "iy#y#y#n", operation, g->seeded ? g->key : NULL, (Py_ssize_t)KEY_BYTES,
					       g->counter, (Py_ssize_t)BLOCK_BYTES, in->len ? in->buf : "", in->len, n);
	if (made && PyArg_ParseTuple(made, "y#y#S", &key, &key_bytes, &counter, &counter_bytes, &out)) {
		if (key_bytes == KEY_BYTES && counter_bytes == BLOCK_BYTES) {
			memcpy(g->key, key, KEY_BYTES);
			memcpy(g->counter, counter, BLOCK_BYTES);
			g->seeded = 1;
			Py_INCREF(out);
		} else {
			out = PyErr_Format(PyExc_ValueError, "a key has 32 bytes and a counter 16");
		}
	}
	Py_XDECREF(made);
	return out;
}

static PyObject *generate(struct hand_generator *g, int operation, const Py_buffer *in, Py_ssize_t n, PyObject *python)
{
	struct stay stay;
	PyObject *out = PyBytes_FromStringAndSize(NULL, n);
	char *dst = out ? PyBytes_AsString(out) : NULL;
	if (!dst)
		return NULL;
	if (enter(&stay)) {
		Py_DECREF(out);
		return generate_in_python(g, operation, in, n, python);
	}
	int r = core->hand(operation, g, in->buf, (size_t)in->len, dst, (size_t)n);
	g->seeded |= !r;
	leave(&stay);
	if (!r)
		return out;
	Py_DECREF(out);
	return PyErr_Format(PyExc_SystemError, "internal error in the core");
}

static PyObject *use_generator(struct hand_generator *g, int operation, const Py_buffer *in, Py_ssize_t n, PyObject *python)
{
	if (operation == GENERATOR_COUNTER || operation == GENERATOR_STEP) {
		PyObject *out = PyBytes_FromStringAndSize((const char *)g->counter, BLOCK_BYTES);
		for (int i = 0; out && operation == GENERATOR_STEP && i < BLOCK_BYTES && !++g->counter[i]; i++)
			;
		return out;
	}
	if (operation != GENERATOR_RESEED && !g->seeded)
		return PyErr_Format(PyExc_AssertionError, "generator must be seeded before use");
	if (operation == GENERATOR_KEY)
		return PyBytes_FromStringAndSize((const char *)g->key, KEY_BYTES);
	return generate(g, operation, in, n, python);
}

static PyObject *state_call(PyObject *o, PyObject *args)
{
	State *self = state_of(o);
	int operation;
	Py_buffer in = {.buf = "", .len = 0};
	Py_ssize_t n = 0;
	PyObject *python = NULL, *out = NULL;
	if (!PyArg_ParseTuple(args, "i|y*nO:call", &operation, &in, &n, &python))
		return NULL;
	if (operation < 0 || operation >= OPERATIONS || (operation >= HASH_UPDATE) != (self->kind == HAND_HASH) || n < 0
	    || (operation < HAND_OPERATIONS && !python) || (operation == GENERATOR_RESEED && n)) {	/* a reseed writes nothing */
		PyErr_SetString(PyExc_ValueError, "no such operation on this state");
	} else if (borrow(self) == 0) {
		out = self->kind == HAND_HASH ? use_hash(self->memory, operation, &in) : use_generator(self->memory, operation, &in, n, python);
		give_back(self);
	}
	if (in.obj)
		PyBuffer_Release(&in);
	return out;
}

/* ---- kernels ---- */

/* Those of package keystream for this architecture, slowest first. The core knows which of them the processor has. */
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
	if (dst && enter(&stay)) {
		const char *why = start_reason();
		PyErr_Format(PyExc_RuntimeError, "this needs the core: %s", why ? why : "it is busy");
	} else if (dst) {
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
	TOKEN(state_spec)
	{Py_tp_new, state_new},
	{Py_tp_dealloc, state_dealloc},
	{Py_tp_methods, state_methods},
	{0, NULL},
};

static PyType_Spec state_spec = {
	.name = "gorandom._front.State",
	.basicsize = DATA_SIZE(State),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = state_slots,
};

int hand_add(PyObject *module)
{
#define NUMBER(name) {#name, name}
	static const struct { const char *name; int value; } numbers[] = {
		NUMBER(HAND_HASH), NUMBER(HAND_GENERATOR), NUMBER(GENERATOR_RESEED), NUMBER(GENERATOR_DATA), NUMBER(GENERATOR_REQUEST),
		NUMBER(GENERATOR_KEY), NUMBER(GENERATOR_COUNTER), NUMBER(GENERATOR_STEP), NUMBER(HASH_UPDATE), NUMBER(HASH_DIGEST),
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (PyModule_AddIntConstant(module, numbers[i].name, numbers[i].value))
			return -1;
	PyObject *names = Py_BuildValue("(" KERNELS(FORMAT) ")", KERNELS(ITEM) NULL);
	return module_add(module, "KERNELS", names) || module_add(module, "State", PyType_FromModuleAndSpec(module, &state_spec, NULL));
}
