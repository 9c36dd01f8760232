/* HMACs for Python: one-shot, and by the type Key, whose prepared key lies in memory for secrets (secret.c).
 *
 * SHA-256 is made here, with Go's compression (hmac256.c). The core makes the others that Go has, through the gate.
 * A process without a core calls a Python function from the caller, which asks hashlib: the tags are the same. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/front.h"
#include <stdlib.h>
#include <string.h>
#include <structmember.h>

#include "draw/draw.h"
#include "guard/secret.h"
#include "pure/compare.h"
#include "pure/erase.h"
#include "pure/hmac256.h"
#include "python/abi.h"
#include "runtime/runtime.h"

#define VISIT_BYTES ((size_t)1 << 20)	/* of messages at once, in the core or here: signals wait for the end, some ms at most */
#define TAG_BYTES 512	/* of a message take as long as everything else that a tag costs */
#define CORE_BYTES ((Py_ssize_t)16 << 10)	/* of a one-shot message, and of its key: for longer ones OpenSSL's digests are faster than Go's */

static const struct { const char *name; int tag, block; } algorithms[] = {
#define ITEM(name, tag, block) {name, tag, block},
	MAC_ALGORITHMS(ITEM)
};
#define ALGORITHMS (int)(sizeof algorithms / sizeof *algorithms)

/* A prepared key for an algorithm that is not made here. */
struct prepared {
	unsigned char state[MAC_STATE];	/* Go's, if is_set */
	int is_set;
	size_t n;
	unsigned char key[];	/* as it was given, for processes without a core */
};

typedef struct {
	HEAD
	int algorithm;	/* -1: none that Go has */
	int digest_size, block_size;
	PyObject *name;
	PyObject *fallback;	/* fallback(key, message): the tag, by hashlib */
	struct hmac256 *hmac256;	/* one of these two: made here, */
	struct prepared *prepared;	/* or elsewhere */
} Key;

static PyType_Spec key_spec;

static Key *key_of(PyObject *o) { return object_data(o, &key_spec); }

static int made_here(int algorithm) { return algorithm == MAC_SHA256 && sha256_fast; }

/* Starts a core, if this process may have one before it has drawn. */
static void want_core(int algorithm)
{
	if (algorithm >= 0 && !made_here(algorithm) && draw_is_long(0)) {
		Py_BEGIN_ALLOW_THREADS
		draw_start_core();
		Py_END_ALLOW_THREADS
	}
}

/* The bytes of an argument. A bytes object needs no view. */
static int get_buffer(PyObject *o, Py_buffer *b)
{
	if (PyBytes_CheckExact(o)) {
		b->obj = NULL;
		return PyBytes_AsStringAndSize(o, (char **)&b->buf, &b->len);
	}
	return PyObject_GetBuffer(o, b, PyBUF_SIMPLE);
}

static void release(Py_buffer *b)
{
	if (b->obj)
		PyBuffer_Release(b);
}

/* ---- one-shot ---- */

/* 0, or -1 where there is no core for it. */
static int sum_once(int algorithm, const Py_buffer *key, const Py_buffer *message, unsigned char *tag)
{
	struct visit v;
	if (made_here(algorithm)) {
		hmac256_once(key->buf, (size_t)key->len, message->buf, (size_t)message->len, tag);
		return 0;
	}
	if (message->len > CORE_BYTES || key->len > CORE_BYTES || gate_enter(&v, 0))
		return -1;
	int r = core->mac_once(algorithm, key->buf, (size_t)key->len, message->buf, (size_t)message->len, tag,
		(size_t)algorithms[algorithm].tag);
	gate_leave(&v);
	return r ? -1 : 0;
}

static PyObject *tag_once(int algorithm, const Py_buffer *key, const Py_buffer *message)
{
	PyObject *tag = PyBytes_FromStringAndSize(NULL, algorithms[algorithm].tag);
	if (!tag)
		return NULL;
	unsigned char *out = (unsigned char *)PyBytes_AsString(tag);
	want_core(algorithm);
	PyThreadState *left = leave_gil((size_t)key->len + (size_t)message->len);
	int r = sum_once(algorithm, key, message, out);
	fetch_gil(left);
	if (!r)
		return tag;
	Py_DECREF(tag);
	return Py_NewRef(Py_None);
}

PyObject *mac_once(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
	Py_buffer key, message;
	PyObject *tag = NULL;
	(void)module;
	if (nargs != 3)
		return PyErr_Format(PyExc_TypeError, "hmac expected 3 arguments, got %zd", nargs);
	long algorithm = PyLong_AsLong(args[0]);
	if (algorithm == -1 && PyErr_Occurred())
		return NULL;
	if (algorithm < 0 || algorithm >= ALGORITHMS)
		return PyErr_Format(PyExc_ValueError, "no such algorithm: %ld", algorithm);
	if (get_buffer(args[1], &key))
		return NULL;
	if (get_buffer(args[2], &message) == 0) {
		tag = tag_once((int)algorithm, &key, &message);
		release(&message);
	}
	release(&key);
	return tag;
}

/* ---- Key ---- */

static int prepare(Key *self, const Py_buffer *key)
{
	struct visit v;
	if (made_here(self->algorithm)) {
		self->hmac256 = secret_take(sizeof *self->hmac256);
		if (!self->hmac256)
			return -1;
		PyThreadState *left = leave_gil((size_t)key->len);
		hmac256_set(self->hmac256, key->buf, (size_t)key->len);
		fetch_gil(left);
		return 0;
	}
	struct prepared *p = self->prepared = secret_take(sizeof *p + (size_t)key->len);
	if (!p)
		return -1;
	p->n = (size_t)key->len;
	memcpy(p->key, key->buf, p->n);
	want_core(self->algorithm);
	if (self->algorithm >= 0 && gate_enter(&v, 0) == 0) {
		p->is_set = core->mac_set(self->algorithm, p->key, p->n, p->state) == 0;
		gate_leave(&v);
	}
	return 0;
}

static PyObject *key_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
	int algorithm, digest_size, block_size;
	PyObject *name, *fallback;
	Py_buffer key;
	if (names && PyDict_Size(names))
		return PyErr_Format(PyExc_TypeError, "Key() takes no keyword arguments");
	if (!PyArg_ParseTuple(args, "iiiUOy*:Key", &algorithm, &digest_size, &block_size, &name, &fallback, &key))
		return NULL;
	PyObject *o = NULL;
	if (algorithm < -1 || algorithm >= ALGORITHMS || digest_size < 1
	    || (algorithm >= 0 && digest_size != algorithms[algorithm].tag))	/* tags are written into that many bytes */
		PyErr_SetString(PyExc_ValueError, "no such algorithm");
	else
		o = PyType_GenericAlloc(type, 0);
	if (o) {
		Key *self = key_of(o);
		self->algorithm = algorithm;
		self->digest_size = digest_size;
		self->block_size = block_size;
		self->name = Py_NewRef(name);
		self->fallback = Py_NewRef(fallback);
		if (prepare(self, &key)) {
			Py_DECREF(o);
			o = PyErr_NoMemory();
		}
	}
	PyBuffer_Release(&key);
	return o;
}

/* The fallback holds the caller's digest, which may be an object that holds this one. A key in such a cycle must be
 * erased all the same when the program can no longer reach it. */
static int key_traverse(PyObject *o, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(o));
	Py_VISIT(key_of(o)->fallback);
	return 0;
}

static int key_clear(PyObject *o)
{
	Py_CLEAR(key_of(o)->fallback);
	return 0;
}

static void key_dealloc(PyObject *o)
{
	Key *self = key_of(o);
	PyTypeObject *type = Py_TYPE(o);
	PyObject_GC_UnTrack(o);
	secret_give(self->hmac256, sizeof *self->hmac256);
	if (self->prepared)
		secret_give(self->prepared, sizeof *self->prepared + self->prepared->n);
	Py_XDECREF(self->name);
	Py_XDECREF(self->fallback);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(o);
	Py_DECREF(type);
}

/* Writes the tags of as many of the count messages as one stay can make, from the first on, one after the other. Releases the
 * GIL for work on this many bytes, if that pays off. Returns how many tags it has written. */
static size_t sum(const Key *self, const Py_buffer *messages, size_t count, unsigned char *tags, size_t work)
{
	struct visit v;
	struct prepared *p = self->prepared;
	size_t i = 0, size = (size_t)self->digest_size;
	if (p && (!p->is_set || (size_t)messages[0].len > VISIT_BYTES))
		return 0;
	PyThreadState *left = leave_gil(work);
	if (!p || gate_enter(&v, 0) == 0) {
		for (size_t bytes = 0; i < count; i++, tags += size) {
			size_t n = (size_t)messages[i].len;
			bytes += n + TAG_BYTES;
			if (i && bytes > VISIT_BYTES)
				break;
			if (!p)
				hmac256_sum(self->hmac256, messages[i].buf, n, tags);
			else if (core->mac_sum(p->state, messages[i].buf, n, tags, size))
				break;
		}
		if (p)
			gate_leave(&v);
	}
	fetch_gil(left);
	return i;
}

/* The tag of one message by hashlib. A new reference. */
static PyObject *by_hashlib(const Key *self, PyObject *message)
{
	PyObject *key = PyBytes_FromStringAndSize((const char *)self->prepared->key, (Py_ssize_t)self->prepared->n);
	PyObject *tag = key ? PyObject_CallFunctionObjArgs(self->fallback, key, message, NULL) : NULL;
	if (key && Py_REFCNT(key) == 1)	/* else hashlib has kept it */
		erase(PyBytes_AsString(key), self->prepared->n);
	Py_XDECREF(key);
	if (tag && (!PyBytes_Check(tag) || PyBytes_Size(tag) != self->digest_size)) {
		Py_CLEAR(tag);
		PyErr_SetString(PyExc_ValueError, "the digest has changed its size");
	}
	return tag;
}

static PyObject *key_digest(PyObject *o, PyObject *arg)
{
	Key *self = key_of(o);
	Py_buffer message;
	if (get_buffer(arg, &message))
		return NULL;
	PyObject *tag = PyBytes_FromStringAndSize(NULL, self->digest_size);
	if (tag && !sum(self, &message, 1, (unsigned char *)PyBytes_AsString(tag), (size_t)message.len)) {
		Py_DECREF(tag);
		tag = by_hashlib(self, arg);
	}
	release(&message);
	return tag;
}

static PyObject *key_verify(PyObject *o, PyObject *const *args, Py_ssize_t nargs)
{
	Py_buffer tag;
	if (nargs != 2)
		return PyErr_Format(PyExc_TypeError, "verify expected 2 arguments, got %zd", nargs);
	if (get_buffer(args[1], &tag))
		return NULL;
	PyObject *right = key_digest(o, args[0]);
	int equal = right && compare_equal(PyBytes_AsString(right), (size_t)PyBytes_Size(right), tag.buf, (size_t)tag.len);
	release(&tag);
	if (!right)
		return NULL;
	Py_DECREF(right);
	if (!equal)
		return PyErr_Format(PyExc_ValueError, "MAC check failed");
	Py_RETURN_NONE;
}

/* A list of the tags of n messages, given as objects and as views. tags: room for n of them. */
static PyObject *list_tags(const Key *self, PyObject *messages, const Py_buffer *views, size_t n, unsigned char *tags, size_t work)
{
	size_t size = (size_t)self->digest_size, made = 0;
	PyObject *list = PyList_New((Py_ssize_t)n);
	for (size_t i = 0; list && i < n; i++) {
		PyObject *tag = NULL;
		if (i == made && (i == 0 || !PyErr_CheckSignals()))
			made += sum(self, views + i, n - i, tags + i * size, work);
		if (i < made)
			tag = PyBytes_FromStringAndSize((const char *)tags + i * size, (Py_ssize_t)size);
		else if (!PyErr_Occurred())
			tag = by_hashlib(self, PyList_GetItem(messages, (Py_ssize_t)made++));
		if (!tag || PyList_SetItem(list, (Py_ssize_t)i, tag))
			Py_CLEAR(list);
	}
	return list;
}

static PyObject *key_digests(PyObject *o, PyObject *arg)
{
	Key *self = key_of(o);
	PyObject *messages = PySequence_List(arg), *list = NULL;
	if (!messages)
		return NULL;
	size_t n = (size_t)PyList_Size(messages), viewed = 0, work = n * 64;
	Py_buffer *views = PyMem_Calloc(n, sizeof *views);
	unsigned char *tags = PyMem_Calloc(n, (size_t)self->digest_size);
	if (!views || !tags)
		PyErr_NoMemory();
	else
		for (; viewed < n && !get_buffer(PyList_GetItem(messages, (Py_ssize_t)viewed), &views[viewed]); viewed++)
			work += (size_t)views[viewed].len;
	if (!PyErr_Occurred()) {
		list = list_tags(self, messages, views, n, tags, work);
		erase(tags, n * (size_t)self->digest_size);
	}
	while (viewed)
		release(&views[--viewed]);
	PyMem_Free(views);
	PyMem_Free(tags);
	Py_DECREF(messages);
	return list;
}

static PyMethodDef key_methods[] = {
	ROW("digest", key_digest, METH_O, "($self, message, /)",
	    "Return the message's tag: digest_size bytes. Any thread, any process."),
	ROW("verify", key_verify, METH_FASTCALL, "($self, message, tag, /)",
	    "Return None if tag is the message's whole tag; else ValueError. The time does not depend on where they differ."),
	ROW("digests", key_digests, METH_O, "($self, messages, /)",
	    "Return a list of the tags of all messages, made in one call. An exception from a signal handler ends the call."),
	{NULL, NULL, 0, NULL},
};

static PyMemberDef key_members[] = {
	{"name", T_OBJECT_EX, offsetof(Key, name), READONLY | IN_DATA, "\"hmac-\" and the digest's name."},
	{"digest_size", T_INT, offsetof(Key, digest_size), READONLY | IN_DATA, "Bytes of a tag."},
	{"block_size", T_INT, offsetof(Key, block_size), READONLY | IN_DATA, "Bytes of the digest's block."},
	{NULL, 0, 0, 0, NULL},
};

static PyType_Slot key_slots[] = {
	TOKEN(key_spec)
	{Py_tp_new, key_new},
	{Py_tp_dealloc, key_dealloc},
	{Py_tp_traverse, key_traverse},
	{Py_tp_clear, key_clear},
	{Py_tp_methods, key_methods},
	{Py_tp_members, key_members},
	{0, NULL},
};

static PyType_Spec key_spec = {
	.name = "gorandom._front.Key",
	.basicsize = DATA_SIZE(Key),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC,
	.slots = key_slots,
};

int mac_add(PyObject *module)
{
	PyObject *rows = PyTuple_New(ALGORITHMS);
	for (int i = 0; rows && i < ALGORITHMS; i++) {
		PyObject *row = Py_BuildValue("(sii)", algorithms[i].name, algorithms[i].tag, algorithms[i].block);
		if (!row || PyTuple_SetItem(rows, i, row))
			Py_CLEAR(rows);
	}
	return module_add(module, "MACS", rows) || PyModule_AddIntConstant(module, "hmac256", sha256_fast != NULL)
		|| module_add(module, "Key", PyType_FromModuleAndSpec(module, &key_spec, NULL));
}
