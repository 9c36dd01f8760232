/* secrets, SystemRandom and PyCrypto's random: what programs mostly ask of them.
 *
 * Here are the plain cases: arguments of the built-in types themselves, numbers of 64 bits, no keywords. All
 * else is left to the same function in Python, which has the errors, the messages and the odd arguments. Where a
 * program has replaced a method of SystemRandom that others rest on, it is left to Python too. */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include "python/interpreter.h"
#include <string.h>

#include "pure/erase.h"
#include "pure/text.h"
#include "pure/uniform.h"
#include "python/bytes.h"
#include "python/numbers.h"
#include "python/state.h"
#include "python/swap.h"

#define BITS_MOST 2048	/* of a number made here */
#define TOKEN_MOST 1024	/* bytes of a token made here */
#define SAMPLE_MOST 65536	/* items of a sample made here: half a millisecond with the GIL */
#define SHUFFLE_STAY 65536	/* items after which a shuffle lets others have the GIL, and looks for signals */

/* For Python to do. No exception is set, and nothing has been drawn. */
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
	int overflow = 1;
	if (is_int(o))
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

/* More than 64 bits: int.from_bytes, big-endian by default, because the limited API has no such thing. */
static PyObject *make_large(const struct call *c, size_t k)
{
	size_t n = (k + 7) / 8;
	unsigned excess = (unsigned)(8 * n - k);
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n), *number = NULL;
	if (!bytes)
		return NULL;
	unsigned char *b = (unsigned char *)PyBytes_AsString(bytes);
	if (!c->from->draw(b, n, c->from->wait)) {
		for (size_t i = n; excess && i-- > 0;)
			b[i] = (unsigned char)((i ? b[i - 1] << 8 | b[i] : b[i]) >> excess);
		number = PyObject_CallFunctionObjArgs(c->state->from_bytes, bytes, NULL);
		erase(b, n);
	}
	Py_DECREF(bytes);
	return number;
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
		PyErr_Clear();	/* a range of more items than an index has */
		return ODD;
	}
	return uniform_below(c->from, (uint64_t)n, &at) ? NULL : PySequence_GetItem(c->args[0], (Py_ssize_t)at);
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

/* 1 if all items of an exact range are within 64 bits. Making them needs no call then. */
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
		if (!item || PyList_SetItem(list, (Py_ssize_t)i, item)) {
			Py_DECREF(list);
			list = NULL;
		}
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

/* The size of a token, or -1: for Python. */
static Py_ssize_t token_size(const struct call *c)
{
	int64_t n;
	if (c->names || c->nargs > 1)
		return -1;
	PyObject *given = c->nargs ? c->args[0] : Py_None, *size = NULL;
	if (given == Py_None) {
		given = size = PyObject_GetItem(state_get(&c->state->secrets), c->state->default_entropy);
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
	if (bytes && n && bytes_draw((unsigned char *)PyBytes_AsString(bytes), (size_t)n, 1)) {
		Py_DECREF(bytes);
		return NULL;
	}
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

/* ---- to Python ---- */

/* The family's function of this number, called with the same arguments, behind self if there is one. */
static PyObject *call_python(const struct call *c, enum family family, int number, PyObject *self)
{
	PyObject *python = state_get(&c->state->python[family]), *function = python ? PyTuple_GetItem(python, number) : NULL;
	if (!function) {
		if (!PyErr_Occurred())
			PyErr_SetString(PyExc_RuntimeError, "gorandom's module in Python has not been imported");
		return NULL;
	}
	Py_ssize_t before = self != NULL, named = c->names ? PyTuple_Size(c->names) : 0;
	PyObject *args = PyTuple_New(before + c->nargs), *keywords = named ? PyDict_New() : NULL, *result = NULL;
	if (!args || (named && !keywords))
		goto end;
	if (self) {
		Py_INCREF(self);
		PyTuple_SetItem(args, 0, self);
	}
	for (Py_ssize_t i = 0; i < c->nargs; i++) {
		Py_INCREF(c->args[i]);
		PyTuple_SetItem(args, before + i, c->args[i]);
	}
	for (Py_ssize_t i = 0; i < named; i++)
		if (PyDict_SetItem(keywords, PyTuple_GetItem(c->names, i), c->args[c->nargs + i]))
			goto end;
	Py_INCREF(function);
	result = PyObject_Call(function, args, keywords);
	Py_DECREF(function);
end:
	Py_XDECREF(args);
	Py_XDECREF(keywords);
	return result;
}

/* Are the first so many of the roots SystemRandom's own, for this object? */
static int is_own(const struct state *state, PyObject *self, int roots)
{
	PyObject *dict = roots ? PyObject_GenericGetDict(self, NULL) : NULL;
	int own = !roots || dict;
	for (int i = 0; own && i < roots; i++) {
		PyObject *found = PyObject_GetAttr((PyObject *)Py_TYPE(self), state->root_names[i]);
		own = found == state->roots[i] && !PyDict_GetItemWithError(dict, state->root_names[i]);
		Py_XDECREF(found);
	}
	Py_XDECREF(dict);
	PyErr_Clear();
	return own;
}

/* A method of SystemRandom, and on how many of the roots it rests. */
#define METHOD(name, number, make, rests)	\
	static PyObject *name(PyObject *self, PyTypeObject *type, PyObject *const *args, size_t nargs, PyObject *names)	\
	{	\
		const struct call c = {PyType_GetModuleState(type), &raising, args, (Py_ssize_t)nargs, names};	\
		PyObject *made = is_own(c.state, self, rests) ? make(&c) : ODD;	\
		return made == ODD ? call_python(&c, SYSTEM_RANDOM, number, self) : made;	\
	}

/* The roots come first: getrandbits, _randbelow, randrange, in this order. */
METHOD(system_getrandbits, 0, make_bits, 0)
METHOD(system_randbelow, 1, make_below, 1)
METHOD(system_randrange, 2, make_range, 2)
METHOD(system_randint, 3, make_int, 3)
METHOD(system_random, 4, make_float, 0)
METHOD(system_choice, 5, choose, 2)
METHOD(system_shuffle, 6, shuffle, 2)
METHOD(system_sample, 7, sample, 2)

#define FUNCTION(name, family, number, made_by)	\
	static PyObject *name(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *names)	\
	{	\
		const struct call c = {PyModule_GetState(module), &waiting, args, nargs, names};	\
		PyObject *made = made_by;	\
		return made == ODD ? call_python(&c, family, number, NULL) : made;	\
	}

FUNCTION(secrets_randbits, SECRETS, 0, make_bits(&c))
FUNCTION(secrets_randbelow, SECRETS, 1, make_below(&c))
FUNCTION(secrets_choice, SECRETS, 2, choose(&c))
FUNCTION(secrets_token_bytes, SECRETS, 3, make_bytes(&c))
FUNCTION(secrets_token_hex, SECRETS, 4, make_text(&c, text_hex, 0))
FUNCTION(secrets_token_urlsafe, SECRETS, 5, make_text(&c, text_urlsafe, 1))

FUNCTION(strong_getrandbits, STRONG_RANDOM, 0, make_bits(&c))
FUNCTION(strong_randrange, STRONG_RANDOM, 1, make_range(&c))
FUNCTION(strong_randint, STRONG_RANDOM, 2, make_int(&c))
FUNCTION(strong_choice, STRONG_RANDOM, 3, choose(&c))
FUNCTION(strong_shuffle, STRONG_RANDOM, 4, shuffle(&c))
FUNCTION(strong_sample, STRONG_RANDOM, 5, sample(&c))

/* ---- tables ---- */

#define ROW(name, function, flags, signature, text)	\
	{name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS | (flags), name signature "\n--\n\n" text}

static PyMethodDef system_functions[] = {
	ROW("getrandbits", system_getrandbits, METH_METHOD, "($self, k)",
	    "An integer of k random bits: the high ones of ceil(k / 8) bytes, big-endian.\n\n"
	    "ValueError for a negative k; 0 for 0."),
	ROW("_randbelow", system_randbelow, METH_METHOD, "($self, n)", "An integer, 0 <= x < n, each as likely; n > 0."),
	ROW("randrange", system_randrange, METH_METHOD, "($self, start, stop=None, step=1)",
	    "One of range(stop) or range(start, stop[, step]), each as likely; errors as random.Random's."),
	ROW("randint", system_randint, METH_METHOD, "($self, a, b)", "An integer from a to b, both included, each as likely."),
	ROW("random", system_random, METH_METHOD, "($self)",
	    "A float, 0.0 <= x < 1.0: 53 random bits, each multiple of 2**-53 as likely as any other."),
	ROW("choice", system_choice, METH_METHOD, "($self, seq)", "One item of a sequence, each as likely; IndexError if it has none."),
	ROW("shuffle", system_shuffle, METH_METHOD, "($self, x)",
	    "Puts the items of a mutable sequence in a random order, each order as likely. Nothing is returned.\n\n"
	    "An exception in the middle leaves all items in the sequence, in some order."),
	ROW("sample", system_sample, METH_METHOD, "($self, population, k, *, counts=None)",
	    "A list of k items of a sequence, none of them twice, in random order.\n\n"
	    "counts: how often each item stands for itself. Errors as random.Random's."),
	{NULL, NULL, 0, NULL},
};

static PyMethodDef secrets_functions[] = {
	ROW("randbits", secrets_randbits, 0, "($module, k)", "An integer of k random bits; ValueError for a negative k."),
	ROW("randbelow", secrets_randbelow, 0, "($module, exclusive_upper_bound)",
	    "An integer, 0 <= x < exclusive_upper_bound, each as likely; ValueError for a bound below 1."),
	ROW("choice", secrets_choice, 0, "($module, seq)", "One item of a sequence, each as likely; IndexError if it has none."),
	ROW("token_bytes", secrets_token_bytes, 0, "($module, nbytes=None)",
	    "nbytes random bytes; DEFAULT_ENTROPY (32) when it is None. Errors as os.urandom."),
	ROW("token_hex", secrets_token_hex, 0, "($module, nbytes=None)",
	    "nbytes random bytes as text of two hexadecimal digits each; 32 bytes when it is None."),
	ROW("token_urlsafe", secrets_token_urlsafe, 0, "($module, nbytes=None)",
	    "nbytes random bytes as text for a URL: Base64 with - and _, without the closing =.\n\n"
	    "About 1.3 characters a byte; 32 bytes when nbytes is None."),
	{NULL, NULL, 0, NULL},
};

static PyMethodDef strong_functions[] = {
	ROW("getrandbits", strong_getrandbits, 0, "($module, k)", "A number of k random bits. 0 for k = 0; ValueError for a negative k."),
	ROW("randrange", strong_randrange, 0, "($module, /, *args)",
	    "One of range(stop), range(start, stop) or range(start, stop, step), each as likely.\n\n"
	    "TypeError for another number of arguments and for what is no int; ValueError for an empty range and\n"
	    "for step 0."),
	ROW("randint", strong_randint, 0, "($module, a, b)",
	    "A number from a to b, both included. TypeError for what is no int, ValueError if b < a."),
	ROW("choice", strong_choice, 0, "($module, seq)", "One item of a sequence; IndexError if it has none."),
	ROW("shuffle", strong_shuffle, 0, "($module, x)", "Puts the items of a mutable sequence in a random order."),
	ROW("sample", strong_sample, 0, "($module, population, k)",
	    "A list of k items of a sequence, none of them twice, in random order.\n\n"
	    "ValueError if there are fewer than k; a negative k gives an empty list."),
	{NULL, NULL, 0, NULL},
};

static const struct { const char *name; PyMethodDef *functions; Py_ssize_t count; } families[FAMILIES] = {
	[SYSTEM_RANDOM] = {"SystemRandom", system_functions, sizeof system_functions / sizeof *system_functions - 1},
	[SECRETS] = {"secrets", secrets_functions, sizeof secrets_functions / sizeof *secrets_functions - 1},
	[STRONG_RANDOM] = {"random", strong_functions, sizeof strong_functions / sizeof *strong_functions - 1},
};

/* The methods of the type Numbers, or functions of this module that call another theirs: so they are pickled. */
static PyObject *make_functions(PyObject *module, int family, PyObject *name)
{
	const struct state *state = PyModule_GetState(module);
	PyObject *functions = PyTuple_New(families[family].count);
	for (Py_ssize_t i = 0; functions && i < families[family].count; i++) {
		PyMethodDef *definition = &families[family].functions[i];
		PyObject *function = family == SYSTEM_RANDOM ? PyObject_GetAttrString(state->numbers, definition->ml_name)
			: PyCFunction_NewEx(definition, module, name);
		if (!function || PyTuple_SetItem(functions, i, function)) {
			Py_DECREF(functions);
			functions = NULL;
		}
	}
	return functions;
}

PyObject *numbers(PyObject *module, PyObject *args)
{
	struct state *state = PyModule_GetState(module);
	const char *text;
	PyObject *name, *python, *namespace;
	int family = 0;
	if (!PyArg_ParseTuple(args, "sUO!O!:numbers", &text, &name, &PyTuple_Type, &python, &PyDict_Type, &namespace))
		return NULL;
	while (family < FAMILIES && strcmp(text, families[family].name))
		family++;
	if (family == FAMILIES || PyTuple_Size(python) != families[family].count) {
		PyErr_SetString(PyExc_ValueError, "no such functions");
		return NULL;
	}
	PyObject *functions = make_functions(module, family, name);
	if (functions) {
		state_set(state, &state->python[family], python);
		if (family == SECRETS)
			state_set(state, &state->secrets, namespace);
	}
	return functions;
}

static PyType_Slot numbers_slots[] = {
	{Py_tp_methods, system_functions},
	{Py_tp_doc, "The methods of SystemRandom that are written in C. It has no state; a mixin for random.Random."},
	{0, NULL},
};

static PyType_Spec numbers_spec = {
	.name = "gorandom._front.Numbers",
	.basicsize = sizeof(PyObject),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = numbers_slots,
};

int numbers_add(PyObject *module)
{
	struct state *state = PyModule_GetState(module);
	state->numbers = PyType_FromModuleAndSpec(module, &numbers_spec, NULL);
	state->default_entropy = PyUnicode_InternFromString("DEFAULT_ENTROPY");
	state->replaced = PyList_New(0);
	state->from_bytes = PyObject_GetAttrString((PyObject *)&PyLong_Type, "from_bytes");
	for (int i = 0; i < ROOTS; i++) {
		state->root_names[i] = PyUnicode_InternFromString(system_functions[i].ml_name);
		state->roots[i] = state->numbers ? PyObject_GetAttrString(state->numbers, system_functions[i].ml_name) : NULL;
		if (!state->root_names[i] || !state->roots[i])
			return -1;
	}
	return state->default_entropy && state->from_bytes && state->replaced && state->numbers ? PyModule_AddObjectRef(module, "Numbers", state->numbers) : -1;
}
