/* The module _front: what it holds in each interpreter, and what the files of this folder add to it. */
#pragma once

#include "python/interpreter.h"

#include "pure/uuid7.h"

#pragma GCC visibility push(hidden)

/* The first ones are methods of SystemRandom on which its others depend. */
enum name { NAME_GETRANDBITS, NAME_RANDBELOW, NAME_RANDRANGE, ROOTS, NAME_DEFAULT_ENTROPY = ROOTS, NAME_INT, NAME_IS_SAFE, NAMES };

/* From modules in Python, once they are imported. For each family of functions, the dict with what C leaves to Python; the
 * dict of secrets, for DEFAULT_ENTROPY; uuid.UUID and SafeUUID.unknown. */
enum held { HELD_SYSTEM_RANDOM, HELD_SECRETS, HELD_RANDOM, HELD_NAMESPACE, HELD_UUIDS, HELD_UUID, HELD_UNKNOWN, HELDS };

struct state {
	PyObject *names[NAMES];
	PyObject *from_bytes;	/* int's */
	PyObject *compare;	/* CPython's compare_digest */
	PyObject *held[HELDS];	/* for state_get() and state_set() */
	PyObject *roots[ROOTS];	/* our own methods of these names; borrowed from our type, and only compared with */
	struct uuid7 last;	/* used by one thread at a time: uuid.c */
};

static inline PyObject *state_get(PyObject *const *held) { return __atomic_load_n(held, __ATOMIC_ACQUIRE); }

/* Called again when a module in Python is imported anew. Without a GIL another thread may be using the old value, so the
 * old value is never freed. */
static inline void state_set(PyObject **held, PyObject *value)
{
	PyObject *old = __atomic_exchange_n(held, Py_NewRef(value), __ATOMIC_ACQ_REL);
#ifdef MAY_LACK_GIL
	(void)old;
#else
	Py_XDECREF(old);
#endif
}

/* A row of a table of methods. */
#define ROW(name, function, flags, parameters, text)	\
	{name, (PyCFunction)(void (*)(void))function, flags, name parameters "\n--\n\n" text}
#define FAST (METH_FASTCALL | METH_KEYWORDS)

/* Takes the reference to value, which may be NULL. 0, or -1 with an exception set. */
static inline int module_add(PyObject *module, const char *name, PyObject *value)
{
	int r = value ? PyModule_AddObjectRef(module, name, value) : -1;
	Py_XDECREF(value);
	return r;
}

/* digest.c */
int digest_init(struct state *);	/* 0, or -1 with an exception set */
PyObject *compare_digest(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

/* forklock.c. The methods of a context manager, and hooks for os.register_at_fork(): before, and after_in_parent. */
int forklock_init(void);	/* once. 0, or an errno */
PyObject *forklock_enter(PyObject *module, PyObject *unused);
PyObject *forklock_exit(PyObject *module, PyObject *exception);
PyObject *forklock_before_fork(PyObject *module, PyObject *unused);
PyObject *forklock_after_fork(PyObject *module, PyObject *unused);

/* hand.c. keystream(kernel, key, counter, n), for the self-test. */
PyObject *hand_keystream(PyObject *module, PyObject *args);
/* Makes every core of this process and of its children use the kernel of this name; NULL: the core chooses. Returns NULL; or,
 * if there is no such kernel, the names that there are, in quotes. */
const char *hand_choose_kernel(const char *name);
int hand_add(PyObject *module);	/* the type State and the numbers of its operations. 0, or -1 with an exception set */

/* mac.c. hmac(algorithm, key, message, /): bytes; or None where neither this front nor a core can make the tag. */
PyObject *mac_once(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
int mac_add(PyObject *module);	/* the type Key and the table of algorithms. 0, or -1 with an exception set */

/* numbers.c. numbers(family, namespace, python, /) puts the family's functions in C into namespace, a module's dict. python:
 * a dict of functions in Python. C calls the one of the same name for what it leaves to Python. */
PyObject *numbers(PyObject *module, PyObject *args);
int numbers_add(PyObject *module);	/* the type Numbers. 0, or -1 with an exception set */
PyObject *number_of(const struct state *, PyObject *bytes);	/* big-endian. Takes the reference, or NULL, and erases them */
/* Calls the family's function of this name in Python with the same arguments, after self if that is not NULL. */
PyObject *call_python(const struct state *, enum held family, const char *name, PyObject *self, PyObject *const *args,
		      Py_ssize_t nargs, PyObject *names);

/* uuid.c. uuids(UUID, unknown, module, python, /): the functions uuid4 and uuid7, which make objects of that class. python: a
 * dict of Python functions of these names, which C calls if there are arguments. */
int uuid_init(void);	/* once. 0, or an errno */
PyObject *uuids(PyObject *module, PyObject *args);

#pragma GCC visibility pop
