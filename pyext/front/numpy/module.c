/* The module _numpy, with the type BitGen: what is behind one bit generator of numpy's, and its lock.
 *
 * numpy calls the functions of its struct bitgen in any thread, without the GIL, with the lock held, about a hundred million
 * times a second. So a number costs a few instructions over ready bytes. Two comparisons show whether this process was
 * forked, the generator was reseeded, or the machine was restored since the bytes were made. The clock is looked at only
 * where the lock is taken and where bytes are made.
 *
 * These functions cannot fail: numpy would use whatever they return. If there are no bytes, they wait while the system's
 * generator is not seeded, and otherwise end the process. In a process with a core that does not happen. In others the
 * thread that takes the lock gets an exception first. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "python/base.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/core.h"
#include "numpy/slab.h"
#include "runtime/thread.h"

#define ID 8	/* bytes of a refill that go into a mark, where fork does not wipe */
#define MOST (uint32_t)(BUFFER - sizeof(struct bitgen) - ID)	/* bytes of a refill */
#define FIRST (uint32_t)512	/* bytes of the first, because many generators give one number; each next one is twice as large */
#define LOW 256	/* bytes: with fewer, taking the lock refills first, so that most calls meet a failure there */
#define TRIES 100	/* of a draw that fails in a callback, */
#define NAP 10000000	/* with so many ns between them: a second, in case descriptors or memory are short */
#define APART __attribute__((noinline))	/* not cold, because the jumps to it would then be long ones */
#define HOT __attribute__((aligned(64)))	/* one cache line of code: in numpy's loops two take one cycle more, of eight */

static const struct base *base;

/* Numbers ready for one bit generator of numpy's, in memory that fork wipes: a child finds no bytes, a stamp that
 * never holds, and a free lock. This struct is at the buffer's end. The bytes are before it, and the next ones to be
 * used are farthest from it, so that few bytes need few pages. */
struct bitgen {
	struct stamp made;	/* when and where the bytes were */
	uint64_t owner;	/* the thread that holds the lock, if any */
	uint32_t locked;	/* 0, 1, or 2 when a thread may be waiting: what futex(2) waits on */
	uint32_t depth;	/* of the owner's entries */
	uint32_t size;	/* bytes of the last refill */
	union {
		int64_t at;	/* the first ready byte, counted from this struct: negative, or 0 for none. Those before it are erased */
		uint64_t mark;	/* where fork does not wipe: whose turn it is, below */
	};
};

_Static_assert(sizeof(struct bitgen) == 64, "a cache line");

/* What numpy's functions are given. It lies in memory that a child inherits: thread_take() says why. */
struct user {
	struct bitgen *bits;
	const uint64_t *epoch;	/* base->stamp_epoch, at hand */
	int taken;	/* a call is using the memory. A call that finds it taken makes its numbers one by one */
	struct buffer buffer;
};

/* numpy's struct bitgen, numpy/random/bitgen.h. It is published, and the same in all versions from 1.17 on. Newer ones
 * may append to it. */
struct numpy_bitgen {
	void *state;
	uint64_t (*next_uint64)(void *);
	uint32_t (*next_uint32)(void *);
	double (*next_double)(void *);
	uint64_t (*next_raw)(void *);
};

typedef struct {
	HEAD
	struct user user;
} BitGen;

static PyType_Spec spec;

static struct user *user_of(PyObject *self) { return &((BitGen *)object_data(self, &spec))->user; }

/* ---- ready bytes ---- */

/* Where fork does not wipe, a child that no handler has seen has the bytes, too, until it looks at its PID. So the place
 * of the next byte is in memory that it shares with its parent: only one of the two takes each number. Beside the place
 * there is a mark, random bytes of the same refill. If the mark is not that of a process's own bytes, it has none ready. */
#define PLACE 16	/* bits of the shared number for the place; the others are the mark's */
#define NO_PLACE (((uint64_t)1 << PLACE) - 1)	/* beyond any buffer. With mark 0: a refill is under way */

static uint64_t place_of(uint64_t shared) { return shared & NO_PLACE; }
static uint64_t mark_of(uint64_t shared) { return shared >> PLACE; }

static void forget_ready(struct user *u)
{
	if (u->buffer.shared)
		__atomic_store_n(u->buffer.shared, NO_PLACE, __ATOMIC_SEQ_CST);
	else
		u->bits->at = 0;
}

/* If another process has changed the shared number meanwhile, these bytes are not given out. If that was a child with the
 * same bytes, each of them is given out once. */
static void set_ready(struct user *u)
{
	struct bitgen *b = u->bits;
	if (u->buffer.shared) {
		uint64_t *random = (uint64_t *)(void *)((unsigned char *)b - b->size - ID), none = NO_PLACE;
		b->mark = mark_of(*random) | 1;
		*random = 0;
		__atomic_compare_exchange_n(u->buffer.shared, &none, b->mark << PLACE, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	} else
		b->at = -(int64_t)b->size;
}

static int64_t count_ready(const struct user *u)
{
	const struct bitgen *b = u->bits;
	if (!u->buffer.shared)
		return -b->at;
	uint64_t shared = __atomic_load_n(u->buffer.shared, __ATOMIC_RELAXED);
	return mark_of(shared) == b->mark ? b->size - (int64_t)place_of(shared) : 0;
}

/* How many bytes to make next: twice as many if the last ones were used up before they became stale. */
static uint32_t next_size(const struct user *u)
{
	const struct bitgen *b = u->bits;
	if (b->size < FIRST)
		return FIRST;
	if (count_ready(u) >= LOW || b->made.epoch != stamp_field(base->stamp_epoch))
		return b->size;
	return b->size > MOST / 2 ? MOST : 2 * b->size;
}

/* Waits for the system's generator if the caller may be given an exception. 0, -1 with an exception set, or the answer of
 * draw_bytes. The memory is taken. */
static int refill(struct user *u, int may_raise)
{
	struct bitgen *b = u->bits;
	base->fork_check();
	for (;;) {
		uint32_t size = next_size(u), n = size + (u->buffer.shared ? ID : 0);
		unsigned char *bytes = (unsigned char *)b - n;
		struct stamp now = base->stamp_now();
		b->made = now;
		b->made.epoch = 0;	/* until the bytes are there */
		forget_ready(u);
		/* A child's memory is not locked, and the size in it is 0. So a child's first refill locks it, too. */
		if (size != b->size)
			buffer_lock(&u->buffer, now.process, n + sizeof *b);
		b->size = size;
		int r = may_raise ? base->draw(bytes, n, 1) : base->draw_bytes(bytes, n);
		if (r)
			return r;
		b->made.epoch = now.epoch;
		set_ready(u);
		/* A signal handler may have forked meanwhile: the bytes are zeros now, or the other process's too. */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		if (now.process == base->process_stamp())
			return 0;
	}
}

/* Waits until the system's generator is seeded. After other failures waits a little, and after too many ends the process. */
static void nap_or_end(int error, int *tries)
{
	static const char why[] = "gorandom: the system's random number generator gives no bytes, "
		"and a numpy call that has begun cannot fail: the process ends\n";
	if (error != GORANDOM_NOT_READY && ++*tries >= TRIES) {
		ssize_t ignored = write(2, why, sizeof why - 1);
		(void)ignored;
		abort();
	}
	base->kernel_nap(error == GORANDOM_NOT_READY ? -1 : NAP);
}

/* Copies n ready bytes to x, and erases them in the memory. 0: there are not so many, or a fork, a reseed or a restore has
 * made them stale, or another call is using the memory. */
static inline int take(struct user *u, void *x, uint32_t n, int watch)
{
	struct bitgen *b = u->bits;
	if (__builtin_expect(!thread_take(&u->taken), 0))
		return 0;
	int64_t at = b->at + n;
	if (__builtin_expect(at > 0, 0)) {
		thread_leave(&u->taken);
		return 0;
	}
	unsigned char *from = (unsigned char *)b + at - n;
	memcpy(x, from, n);
	memset(from, 0, n);
	b->at = at;
	/* Checked last, to see a restored machine, and a signal handler that forked right before this instruction. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	int fresh = b->made.epoch == stamp_field(u->epoch) && (!watch || b->made.restore == base->restore_now());
	thread_leave(&u->taken);
	return __builtin_expect(fresh, 1);
}

/* The same where fork does not wipe. A fork in the middle leaves two processes with the same bytes and the same shared
 * number. Only one of them can change it; the other takes other bytes. */
static inline int take_shared(struct user *u, void *x, uint32_t n)
{
	struct bitgen *b = u->bits;
	int fresh = 0;
	if (!thread_take(&u->taken))
		return 0;
	uint32_t size = __atomic_load_n(&b->size, __ATOMIC_RELAXED);	/* once: a fork handler may erase it */
	uint64_t shared = __atomic_load_n(u->buffer.shared, __ATOMIC_ACQUIRE), at = place_of(shared);
	if (mark_of(shared) == b->mark && at + n <= size) {
		unsigned char *from = (unsigned char *)b - size + at;
		memcpy(x, from, n);
		if (__atomic_compare_exchange_n(u->buffer.shared, &shared, shared + n, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
			memset(from, 0, n);
			fresh = b->made.epoch == stamp_field(u->epoch) && b->made.restore == base->restore_now();
		}
	}
	thread_leave(&u->taken);
	return __builtin_expect(fresh, 1);
}

static int take_any(struct user *u, void *x, uint32_t n)
{
	return u->buffer.shared ? take_shared(u, x, n) : take(u, x, n, 1);
}

/* Bypasses the memory in a signal handler that has interrupted another call, and in a thread that bypassed the lock. */
static uint64_t slowly(struct user *u, uint32_t n)
{
	uint64_t x = 0;
	int r, tries = 0;
	while (!take_any(u, &x, n)) {
		if (!__atomic_exchange_n(&u->taken, 1, __ATOMIC_ACQUIRE)) {
			r = refill(u, 0);
			thread_leave(&u->taken);
		} else {
			r = base->draw_bytes((unsigned char *)&x, n);
			if (!r)
				break;
		}
		if (r)
			nap_or_end(r, &tries);
	}
	return x;
}

/* Each multiple of 2^-53 below 1 is as likely as any other. */
static double to_double(uint64_t x) { return (double)(int64_t)(x >> 11) * 0x1p-53; }

/* The slow ways are functions of their own, called last, so that the fast ones need no stack. */
static APART uint64_t slow_uint64(void *state) { return slowly(state, sizeof(uint64_t)); }
static APART uint32_t slow_uint32(void *state) { return (uint32_t)slowly(state, sizeof(uint32_t)); }
static APART double slow_double(void *state) { return to_double(slow_uint64(state)); }

/* Three variants, because without a page to look at (guard/restore.c) a function fits one cache line. */
#define NUMBERS(name, take) \
static HOT uint64_t name##_uint64(void *state) \
{ \
	uint64_t x; \
	return take ? x : slow_uint64(state); \
} \
static HOT uint32_t name##_uint32(void *state) \
{ \
	uint32_t x; \
	return take ? x : slow_uint32(state); \
} \
static HOT double name##_double(void *state) \
{ \
	uint64_t x; \
	return take ? to_double(x) : slow_double(state); \
}

NUMBERS(next, take(state, &x, sizeof x, 0))
NUMBERS(watched, take(state, &x, sizeof x, 1))
NUMBERS(shared, take_shared(state, &x, sizeof x))

/* Writes our functions into the struct of a capsule that numpy has made. */
static PyObject *install(PyObject *self, PyObject *capsule)
{
	struct numpy_bitgen *to = PyCapsule_GetPointer(capsule, "BitGenerator");
	if (!to)
		return NULL;
	int shared = user_of(self)->buffer.shared != NULL, watch = base->watches_restores;
	to->state = user_of(self);
	to->next_uint64 = to->next_raw = shared ? shared_uint64 : watch ? watched_uint64 : next_uint64;
	to->next_uint32 = shared ? shared_uint32 : watch ? watched_uint32 : next_uint32;
	to->next_double = shared ? shared_double : watch ? watched_double : next_double;
	Py_RETURN_NONE;
}

/* ---- the lock, which numpy enters around each call ----
 *
 * A lock of our own, because it must make sure that there are numbers for the call, or raise; and because one of
 * Python's, if another thread held it at a fork, would be held in the child forever. This one lies in the memory
 * that fork wipes. The owner may enter it again, as with numpy's own since 2.4. */

static int is_mine(struct bitgen *b) { return __atomic_load_n(&b->owner, __ATOMIC_RELAXED) == thread_here(); }

/* 0, or -1 with a signal's exception set. */
static int lock(struct bitgen *b)
{
	uint32_t free = 0;
	if (is_mine(b)) {
		b->depth++;
		return 0;
	}
	if (!__atomic_compare_exchange_n(&b->locked, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		while (__atomic_exchange_n(&b->locked, 2, __ATOMIC_ACQUIRE)) {
			/* Only now: the holder will see the 2, and wake another thread if this one leaves by an exception. */
			if (PyErr_CheckSignals())
				return -1;
			Py_BEGIN_ALLOW_THREADS
			syscall(SYS_futex, &b->locked, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
			Py_END_ALLOW_THREADS
		}
	b->depth = 1;
	__atomic_store_n(&b->owner, thread_here(), __ATOMIC_RELAXED);
	return 0;
}

static void unlock(struct bitgen *b)
{
	if (--b->depth)
		return;
	__atomic_store_n(&b->owner, 0, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&b->locked, 0, __ATOMIC_RELEASE) == 2)
		syscall(SYS_futex, &b->locked, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Makes sure that there are numbers for this call. Call it with the lock and the GIL held; it may release the GIL
 * meanwhile. 0, or -1 with an exception set. */
static int ensure(struct user *u)
{
	struct bitgen *b = u->bits;
	/* In a child: a thread that was using the memory at the fork, and does not exist here, may have left its mark. */
	if (b->depth == 1 && b->made.process != base->process_stamp())
		__atomic_store_n(&u->taken, 0, __ATOMIC_RELAXED);
	if (count_ready(u) >= LOW && base->stamp_holds(&b->made))
		return 0;
	if (__atomic_exchange_n(&u->taken, 1, __ATOMIC_ACQUIRE))
		return 0;
	int r = refill(u, 1);
	thread_leave(&u->taken);
	return r;
}

static PyObject *enter(PyObject *self, PyObject *unused)
{
	struct user *u = user_of(self);
	(void)unused;
	base->fork_check();	/* its hooks free the lock where the kernel does not wipe it */
	do {
		if (lock(u->bits))
			return NULL;
		if (ensure(u)) {
			if (is_mine(u->bits))
				unlock(u->bits);
			return NULL;
		}
	} while (!is_mine(u->bits));	/* a Python signal handler has forked during the wait for the kernel: the child's lock is free */
	Py_RETURN_TRUE;
}

/* A process that was forked inside the with block finds the lock free and without an owner. */
static PyObject *leave(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	struct bitgen *b = user_of(self)->bits;
	(void)args, (void)nargs;
	if (is_mine(b))
		unlock(b);
	Py_RETURN_NONE;
}

static PyObject *release(PyObject *self, PyObject *unused)
{
	struct bitgen *b = user_of(self)->bits;
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
	return PyBool_FromLong(__atomic_load_n(&user_of(self)->bits->locked, __ATOMIC_RELAXED) != 0);
}

/* ---- the type ---- */

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *names)
{
	if (PyTuple_Size(args) || (names && PyDict_Size(names)))
		return PyErr_Format(PyExc_TypeError, "BitGen() takes no arguments");
	PyObject *self = PyType_GenericAlloc(type, 0);
	if (!self)
		return NULL;
	struct user *u = user_of(self);
	if (buffer_take(&u->buffer)) {
		Py_DECREF(self);
		return PyErr_NoMemory();
	}
	u->bits = (struct bitgen *)(void *)(u->buffer.bytes + BUFFER) - 1;
	u->epoch = base->stamp_epoch;
	return self;
}

static void dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct user *u = user_of(self);
	if (u->bits)
		buffer_give(&u->buffer, ID + u->bits->size + sizeof *u->bits);
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
	TOKEN(spec)
	{Py_tp_doc, "The lock of a gorandom.BitGenerator, for with blocks. Its owner may enter it again. Free in a forked child."},
	{Py_tp_new, new},
	{Py_tp_dealloc, dealloc},
	{Py_tp_methods, methods},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "gorandom._numpy.BitGen",
	.basicsize = DATA_SIZE(BitGen),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};

static int exec(PyObject *module)
{
	const struct base *found = base_import();
	if (!found)
		return -1;
	errno = slab_init(found);
	if (errno) {
		PyErr_SetFromErrno(PyExc_ImportError);
		return -1;
	}
	__atomic_store_n(&base, found, __ATOMIC_RELAXED);	/* the same in every interpreter */
	PyObject *type = PyType_FromSpec(&spec);
	int r = PyModule_AddObjectRef(module, "BitGen", type);
	Py_XDECREF(type);
	return r;
}

MODULE(_numpy, exec, )
