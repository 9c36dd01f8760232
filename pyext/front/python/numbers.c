/* secrets, SystemRandom and PyCrypto's random: what programs mostly ask of them.
 *
 * Here are the plain cases: arguments of exactly the built-in types, numbers of 64 bits, no keywords. All other
 * calls are left to the same function in Python, which has the errors, the messages and the odd arguments. So is a
 * call of a method of SystemRandom that depends on one that the program has replaced. */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include "python/front.h"
#include <string.h>

#include "pure/erase.h"
#include "pure/text.h"
#include "pure/uniform.h"
#include "python/bytes.h"

#define BITS_MOST 2048	/* of a number made here */
#define TOKEN_MOST 1024	/* bytes of a token made here */
#define SAMPLE_MOST 65536	/* items of a sample made here: half a millisecond with the GIL */
#define SHUFFLE_STAY 65536	/* items after which a shuffle lets other threads have the GIL, and checks for signals */

/* Left to Python. No exception is set, and nothing has been drawn. */
static char odd;
#define ODD ((PyObject *)&odd)

struct call {
	const struct state *state;
	const struct uniform *from;
	PyObject *const *args;
	Py_ssize_t nargs;
	PyObject *names;	/* of keywords, or NULL */
};

static const struct uniform raising = {bytes_draw, 0}, waiting = {bytes_draw, 1};

static int is_int(PyObject *o) { return Py_TYPE(o) == &PyLong_Type; }

/* 1 if o is an int itself, within 64 bits. */
static int get_int(PyObject *o, int64_t *x)
{
	int overflow;
	if (!is_int(o))
		return 0;
	*x = PyLong_AsLongLongAndOverflow(o, &overflow);
	return !overflow;
}

static int is_positional(const struct call *c, Py_ssize_t n) { return c->nargs == n && !c->names; }

/* ---- numbers ---- */

static PyObject *make_float(const struct call *c)
{
	double x;
	if (!is_positional(c, 0))
		return ODD;
	return uniform_float(c->from, &x) ? NULL : PyFloat_FromDouble(x);
}

/* By a method of int, because the limited API has no such function. */
PyObject *number_of(const struct state *state, PyObject *bytes)
{
	char *b;
	Py_ssize_t n;
	PyObject *number = NULL;
	if (bytes && PyBytes_AsStringAndSize(bytes, &b, &n) == 0) {
		number = PyObject_CallFunctionObjArgs(state->from_bytes, bytes, NULL);
		erase(b, (size_t)n);
	}
	Py_XDECREF(bytes);
	return number;
}

/* More than 64 bits. */
static PyObject *make_large(const struct call *c, size_t k)
{
	size_t n = (k + 7) / 8;
	unsigned excess = (unsigned)(8 * n - k);
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n);
	unsigned char *b = bytes ? (unsigned char *)PyBytes_AsString(bytes) : NULL;
	if (!b || c->from->draw(b, n, c->from->wait)) {
		Py_XDECREF(bytes);
		return NULL;
	}
	for (size_t i = n; excess && i-- > 0;)
		b[i] = (unsigned char)((i ? b[i - 1] << 8 | b[i] : b[i]) >> excess);
	return number_of(c->state, bytes);
}

static PyObject *make_bits(const struct call *c)
{
	int64_t k;
	uint64_t x;
	if (!is_positional(c, 1) || !get_int(c->args[0], &k) || k < 0 || k > BITS_MOST)
		return ODD;
	if (k > 64)
		return make_large(c, (size_t)k);
	return uniform_bits(c->from, (unsigned)k, &x) ? NULL : PyLong_FromUnsignedLongLong(x);
}

static PyObject *make_below(const struct call *c)
{
	int64_t n;
	uint64_t x;
	if (!is_positional(c, 1) || !get_int(c->args[0], &n) || n <= 0)
		return ODD;
	return uniform_below(c->from, (uint64_t)n, &x) ? NULL : PyLong_FromUnsignedLongLong(x);
}

/* start <= x <= last */
static PyObject *make_between(const struct call *c, int64_t start, int64_t last)
{
	uint64_t x, n = (uint64_t)last - (uint64_t)start + 1;
	if (start > last || n == 0)
		return ODD;
	return uniform_below(c->from, n, &x) ? NULL : PyLong_FromLongLong((int64_t)((uint64_t)start + x));
}

static PyObject *make_range(const struct call *c)
{
	int64_t start = 0, stop;
	if (!is_positional(c, 1) && !is_positional(c, 2))
		return ODD;
	if (!get_int(c->args[c->nargs - 1], &stop) || (c->nargs == 2 && !get_int(c->args[0], &start)) || stop == INT64_MIN)
		return ODD;
	return make_between(c, start, stop - 1);
}

static PyObject *make_int(const struct call *c)
{
	int64_t a, b;
	if (!is_positional(c, 2) || !get_int(c->args[0], &a) || !get_int(c->args[1], &b))
		return ODD;
	return make_between(c, a, b);
}

/* ---- items ---- */

static int is_sequence(PyObject *o)
{
	PyTypeObject *type = Py_TYPE(o);
	return type == &PyList_Type || type == &PyTuple_Type || type == &PyUnicode_Type || type == &PyBytes_Type || type == &PyRange_Type;
}

static PyObject *choose(const struct call *c)
{
	uint64_t at;
	if (!is_positional(c, 1) || !is_sequence(c->args[0]))
		return ODD;
	Py_ssize_t n = PySequence_Size(c->args[0]);
	if (n <= 0) {
		PyErr_Clear();	/* a range with more items than an index can name */
		return ODD;
	}
	return uniform_below(c->from, (uint64_t)n, &at) ? NULL : PySequence_GetItem(c->args[0], (Py_ssize_t)at);
}

/* Swaps two items of an exact list. 0, or -1 with IndexError: another thread has made it shorter. No item is lost or
 * duplicated, unless another thread stores one in either place meanwhile. */
static int swap_items(PyObject *list, Py_ssize_t i, Py_ssize_t j)
{
#if defined Py_GIL_DISABLED && !defined Py_TARGET_ABI3T
	/* In place, because the functions for single items would release the list's lock in between. Stored atomically,
	 * because CPython reads items without that lock. */
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
#else
	int r = -1;
	BEGIN_ALONE(list);	/* from CPython 3.14 on, the calls inside do not lock again what we hold */
	PyObject *a = PyList_GetItem(list, i), *b = PyList_GetItem(list, j);
	if (a && b) {
		Py_INCREF(a);
		r = PyList_SetItem(list, i, Py_NewRef(b));
		r |= PyList_SetItem(list, j, a);
	}
	END_ALONE();
	return r;
#endif
}

static PyObject *shuffle(const struct call *c)
{
	if (!is_positional(c, 1) || Py_TYPE(c->args[0]) != &PyList_Type)
		return ODD;
	PyObject *list = c->args[0];
	for (Py_ssize_t i = PyList_Size(list) - 1; i > 0; i--) {
		uint64_t j;
		if (uniform_below(c->from, (uint64_t)i + 1, &j) || swap_items(list, i, (Py_ssize_t)j))
			return NULL;
		if (i % SHUFFLE_STAY == 0) {
			Py_BEGIN_ALLOW_THREADS
			Py_END_ALLOW_THREADS
			if (PyErr_CheckSignals())
				return NULL;
		}
	}
	Py_RETURN_NONE;
}

/* 1 if it is exactly a range and all its items are within 64 bits. Then an item needs no call. */
static int get_range(PyObject *range, Py_ssize_t n, int64_t *start, int64_t *step)
{
	int64_t last;
	if (Py_TYPE(range) != &PyRange_Type)
		return 0;
	PyObject *first = PyObject_GetAttrString(range, "start"), *by = PyObject_GetAttrString(range, "step");
	int plain = first && by && get_int(first, start) && get_int(by, step) &&
		!__builtin_mul_overflow(*step, (int64_t)n, &last) && !__builtin_add_overflow(*start, last, &last);
	Py_XDECREF(first);
	Py_XDECREF(by);
	PyErr_Clear();
	return plain;
}

/* A list of the items at these indices of a sequence of n. */
static PyObject *items(PyObject *sequence, Py_ssize_t n, const uint32_t *chosen, size_t k)
{
	int64_t start, step;
	int is_range = get_range(sequence, n, &start, &step);
	PyObject *list = PyList_New((Py_ssize_t)k);
	for (size_t i = 0; list && i < k; i++) {
		PyObject *item = is_range ? PyLong_FromLongLong(start + step * (int64_t)chosen[i])
			: PySequence_GetItem(sequence, (Py_ssize_t)chosen[i]);
		if (!item || PyList_SetItem(list, (Py_ssize_t)i, item))
			Py_CLEAR(list);
	}
	return list;
}

static PyObject *sample(const struct call *c)
{
	int64_t k;
	/* The second is often given by its name. */
	int named = c->nargs == 1 && c->names && PyTuple_Size(c->names) == 1 &&
		!PyUnicode_CompareWithASCIIString(PyTuple_GetItem(c->names, 0), "k");
	if ((!is_positional(c, 2) && !named) || !is_sequence(c->args[0]) || !get_int(c->args[1], &k))
		return ODD;
	Py_ssize_t n = PySequence_Size(c->args[0]);
	if (n < 0)
		PyErr_Clear();
	if (k < 0 || k > n || k > SAMPLE_MOST || (uint64_t)n > UNIFORM_MOST)
		return ODD;
	uint32_t *chosen = PyMem_Malloc(((size_t)k + uniform_room((size_t)n, (size_t)k)) * sizeof *chosen);
	if (!chosen)
		return PyErr_NoMemory();
	PyObject *list = NULL;
	if (!uniform_choose(c->from, (size_t)n, (size_t)k, chosen, chosen + k))
		list = items(c->args[0], n, chosen, (size_t)k);
	erase(chosen, (size_t)k * sizeof *chosen);
	PyMem_Free(chosen);
	return list;
}

/* ---- tokens ---- */

/* The size of a token, or -1: left to Python. */
static Py_ssize_t token_size(const struct call *c)
{
	int64_t n;
	if (c->names || c->nargs > 1)
		return -1;
	PyObject *given = c->nargs ? c->args[0] : Py_None, *size = NULL;
	if (given == Py_None) {
		PyObject *secrets = state_get(&c->state->held[HELD_NAMESPACE]);
		given = size = secrets ? PyObject_GetItem(secrets, c->state->names[NAME_DEFAULT_ENTROPY]) : NULL;
		PyErr_Clear();
	}
	int plain = given && get_int(given, &n) && 0 <= n && n <= TOKEN_MOST;
	Py_XDECREF(size);
	return plain ? (Py_ssize_t)n : -1;
}

static PyObject *make_bytes(const struct call *c)
{
	Py_ssize_t n = token_size(c);
	if (n < 0)
		return ODD;
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, n);
	if (bytes && n && bytes_draw((unsigned char *)PyBytes_AsString(bytes), (size_t)n, 1))
		Py_CLEAR(bytes);
	return bytes;
}

static PyObject *make_text(const struct call *c, void (*encode)(char *, const unsigned char *, size_t), int urlsafe)
{
	unsigned char bytes[TEXT_SOURCE(TOKEN_MOST)];
	char text[TEXT_ROOM(TOKEN_MOST)];
	Py_ssize_t n = token_size(c);
	if (n < 0)
		return ODD;
	if (n && bytes_draw(bytes, (size_t)n, 1))
		return NULL;
	memset(bytes + n, 0, TEXT_STEP);
	encode(text, bytes, (size_t)n);
	size_t size = urlsafe ? TEXT_URLSAFE((size_t)n) : TEXT_HEX((size_t)n);
	PyObject *token = PyUnicode_DecodeLatin1(text, (Py_ssize_t)size, NULL);
	erase(bytes, (size_t)n);
	erase(text, size);
	return token;
}

static PyObject *make_hex(const struct call *c) { return make_text(c, text_hex, 0); }
static PyObject *make_urlsafe(const struct call *c) { return make_text(c, text_urlsafe, 1); }

/* ---- to Python ---- */

PyObject *call_python(const struct state *state, enum held family, const char *name, PyObject *self, PyObject *const *args,
		      Py_ssize_t nargs, PyObject *names)
{
	PyObject *functions = state_get(&state->held[family]);
	if (!functions)
		return PyErr_Format(PyExc_RuntimeError, "gorandom's module in Python has not been imported");
	Py_ssize_t before = self != NULL, named = names ? PyTuple_Size(names) : 0;
	PyObject *function = PyMapping_GetItemString(functions, name), *result = NULL;
	PyObject *all = function ? PyTuple_New(before + nargs) : NULL, *keywords = all && named ? PyDict_New() : NULL;
	if (all && self)
		PyTuple_SetItem(all, 0, Py_NewRef(self));
	for (Py_ssize_t i = 0; all && i < nargs; i++)
		PyTuple_SetItem(all, before + i, Py_NewRef(args[i]));
	for (Py_ssize_t i = 0; keywords && i < named; i++)
		if (PyDict_SetItem(keywords, PyTuple_GetItem(names, i), args[nargs + i]))
			Py_CLEAR(keywords);
	if (all && (keywords || !named))
		result = PyObject_Call(function, all, keywords);
	Py_XDECREF(all);
	Py_XDECREF(keywords);
	Py_XDECREF(function);
	return result;
}

/* Are this many roots, the first ones, SystemRandom's own for this object? */
static int is_own(const struct state *state, PyObject *self, int roots)
{
	PyObject *dict = roots ? PyObject_GenericGetDict(self, NULL) : NULL;
	int own = !roots || dict;
	for (int i = 0; own && i < roots; i++) {
		PyObject *found = PyObject_GetAttr((PyObject *)Py_TYPE(self), state->names[i]);
		own = found == state->roots[i] && !PyDict_GetItemWithError(dict, state->names[i]);
		Py_XDECREF(found);
	}
	Py_XDECREF(dict);
	PyErr_Clear();
	return own;
}

/* ---- tables: name, what makes it, how many roots it depends on, parameters, documentation ---- */

#define CHOICE "Return a random item of a sequence, each with the same probability; IndexError if it is empty."

#define SYSTEM_RANDOM(X)	\
	X(SYSTEM_RANDOM, getrandbits, make_bits, 0, "($self, k)",	\
	  "Return an integer of k random bits: the high ones of ceil(k / 8) bytes, big-endian.\n\n"	\
	  "ValueError for a negative k; 0 for k = 0.")	\
	X(SYSTEM_RANDOM, _randbelow, make_below, 1, "($self, n)", "Return a uniformly distributed integer, 0 <= x < n; n > 0.")	\
	X(SYSTEM_RANDOM, randrange, make_range, 2, "($self, start, stop=None, step=1)",	\
	  "Return a uniformly distributed item of range(stop) or range(start, stop[, step]); errors like random.Random's.")	\
	X(SYSTEM_RANDOM, randint, make_int, 3, "($self, a, b)", "Return a uniformly distributed integer x, a <= x <= b.")	\
	X(SYSTEM_RANDOM, random, make_float, 0, "($self)",	\
	  "Return a float, 0.0 <= x < 1.0: 53 random bits, each multiple of 2**-53 with the same probability.")	\
	X(SYSTEM_RANDOM, choice, choose, 2, "($self, seq)", CHOICE)	\
	X(SYSTEM_RANDOM, shuffle, shuffle, 2, "($self, x)",	\
	  "Put the items of a mutable sequence in random order, each order with the same probability. Return None.\n\n"	\
	  "An exception in the middle leaves all items in the sequence, in some order.")	\
	X(SYSTEM_RANDOM, sample, sample, 2, "($self, population, k, *, counts=None)",	\
	  "Return a list of k different items of a sequence, in random order.\n\n"	\
	  "counts: how often each item stands for itself. Errors as random.Random's.")

#define SECRETS(X)	\
	X(SECRETS, randbits, make_bits, 0, "($module, k)", "Return an integer of k random bits; ValueError for a negative k.")	\
	X(SECRETS, randbelow, make_below, 0, "($module, exclusive_upper_bound)",	\
	  "Return a uniformly distributed integer, 0 <= x < exclusive_upper_bound; ValueError for a bound below 1.")	\
	X(SECRETS, choice, choose, 0, "($module, seq)", CHOICE)	\
	X(SECRETS, token_bytes, make_bytes, 0, "($module, nbytes=None)",	\
	  "Return nbytes random bytes; DEFAULT_ENTROPY (32) if nbytes is None. Errors like os.urandom's.")	\
	X(SECRETS, token_hex, make_hex, 0, "($module, nbytes=None)",	\
	  "Return nbytes random bytes as text of two hexadecimal digits each; 32 bytes if nbytes is None.")	\
	X(SECRETS, token_urlsafe, make_urlsafe, 0, "($module, nbytes=None)",	\
	  "Return nbytes random bytes as text for a URL: Base64 with - and _, without the closing =.\n\n"	\
	  "About 1.3 characters a byte; 32 bytes if nbytes is None.")

#define RANDOM(X)	\
	X(RANDOM, getrandbits, make_bits, 0, "($module, k)",	\
	  "Return a number of k random bits. 0 for k = 0; ValueError for a negative k.")	\
	X(RANDOM, randrange, make_range, 0, "($module, /, *args)",	\
	  "Return a uniformly distributed item of range(stop), range(start, stop) or range(start, stop, step).\n\n"	\
	  "TypeError for another number of arguments, or for an argument that is not an int. ValueError for an empty\n"	\
	  "range and for step 0.")	\
	X(RANDOM, randint, make_int, 0, "($module, a, b)",	\
	  "Return a uniformly distributed integer x, a <= x <= b. TypeError unless both are int, ValueError if b < a.")	\
	X(RANDOM, choice, choose, 0, "($module, seq)", CHOICE)	\
	X(RANDOM, shuffle, shuffle, 0, "($module, x)", "Put the items of a mutable sequence in random order.")	\
	X(RANDOM, sample, sample, 0, "($module, population, k)",	\
	  "Return a list of k different items of a sequence, in random order.\n\n"	\
	  "ValueError if there are fewer than k; a negative k gives an empty list.")

#define METHOD(family, name, make, rests, parameters, text)	\
	static PyObject *family##_##name(PyObject *self, PyTypeObject *type, PyObject *const *args, size_t nargs, PyObject *names)	\
	{	\
		const struct call c = {PyType_GetModuleState(type), &raising, args, (Py_ssize_t)nargs, names};	\
		PyObject *made = is_own(c.state, self, rests) ? make(&c) : ODD;	\
		return made != ODD ? made : call_python(c.state, HELD_##family, #name, self, args, (Py_ssize_t)nargs, names);	\
	}

#define FUNCTION(family, name, make, rests, parameters, text)	\
	static PyObject *family##_##name(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)	\
	{	\
		const struct call c = {PyModule_GetState(module), &waiting, args, nargs, names};	\
		PyObject *made = make(&c);	\
		return made != ODD ? made : call_python(c.state, HELD_##family, #name, NULL, args, nargs, names);	\
	}

SYSTEM_RANDOM(METHOD)
SECRETS(FUNCTION)
RANDOM(FUNCTION)

#define METHOD_ROW(family, name, make, rests, parameters, text) ROW(#name, family##_##name, FAST | METH_METHOD, parameters, text),
#define FUNCTION_ROW(family, name, make, rests, parameters, text) ROW(#name, family##_##name, FAST, parameters, text),

static PyMethodDef methods[] = {SYSTEM_RANDOM(METHOD_ROW) {NULL, NULL, 0, NULL}};
static PyMethodDef of_secrets[] = {SECRETS(FUNCTION_ROW) {NULL, NULL, 0, NULL}};
static PyMethodDef of_random[] = {RANDOM(FUNCTION_ROW) {NULL, NULL, 0, NULL}};

static const struct { const char *name; PyMethodDef *functions; } families[] = {
	[HELD_SYSTEM_RANDOM] = {"SystemRandom", NULL}, [HELD_SECRETS] = {"secrets", of_secrets}, [HELD_RANDOM] = {"random", of_random},
};
#define FAMILIES (sizeof families / sizeof *families)

/* Functions of this module that name another module as theirs, by which they are pickled. */
static int add_functions(PyObject *module, PyMethodDef *row, PyObject *namespace)
{
	PyObject *name = PyMapping_GetItemString(namespace, "__name__");
	int r = name ? 0 : -1;
	for (; !r && row && row->ml_name; row++) {
		PyObject *function = PyCFunction_NewEx(row, module, name);
		r = function ? PyDict_SetItemString(namespace, row->ml_name, function) : -1;
		Py_XDECREF(function);
	}
	Py_XDECREF(name);
	return r;
}

PyObject *numbers(PyObject *module, PyObject *args)
{
	struct state *state = PyModule_GetState(module);
	const char *name;
	PyObject *namespace, *python;
	size_t family = 0;
	if (!PyArg_ParseTuple(args, "sO!O!:numbers", &name, &PyDict_Type, &namespace, &PyDict_Type, &python))
		return NULL;
	while (family < FAMILIES && strcmp(name, families[family].name))
		family++;
	if (family == FAMILIES)
		return PyErr_Format(PyExc_ValueError, "no such functions");
	state_set(&state->held[family], python);
	if (family == HELD_SECRETS)
		state_set(&state->held[HELD_NAMESPACE], namespace);
	return add_functions(module, families[family].functions, namespace) ? NULL : Py_NewRef(Py_None);
}

static PyType_Slot numbers_slots[] = {
	{Py_tp_methods, methods},
	{Py_tp_doc, "The methods of SystemRandom that are written in C. It has no state; a mixin for random.Random."},
	{0, NULL},
};

static PyType_Spec numbers_spec = {
	.name = "gorandom._front.Numbers",
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = numbers_slots,
};

int numbers_add(PyObject *module)
{
	struct state *state = PyModule_GetState(module);
	state->from_bytes = PyObject_GetAttrString((PyObject *)&PyLong_Type, "from_bytes");
	PyObject *type = !state->from_bytes ? NULL : PyType_FromModuleAndSpec(module, &numbers_spec, NULL);
	for (int i = 0; type && i < ROOTS; i++) {
		state->roots[i] = PyObject_GetAttr(type, state->names[i]);
		if (!state->roots[i])
			Py_CLEAR(type);
		Py_XDECREF(state->roots[i]);
	}
	return module_add(module, "Numbers", type);
}
