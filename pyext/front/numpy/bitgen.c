/* Numbers for numpy: the functions of its struct bitgen, over ready bytes in memory of their own.
 *
 * numpy calls them in any thread, without the GIL, with the generator's lock held (module.c), some hundred million
 * times a second; so a number costs a few instructions, and two comparisons say at once whether this process was
 * forked, anybody has reseeded, or the machine was restored since the bytes were made. The clock is looked at where
 * the lock is taken and where bytes are made.
 *
 * They cannot fail. Where no bytes can be had they wait as long as the system's generator is not seeded, and else
 * end the process: numpy would go on with whatever they return. In a process with a core that does not happen, and
 * in others whoever takes the lock gets an exception first. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "numpy/bitgen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/core.h"
#include "pure/erase.h"
#include "runtime/thread.h"

#define MEMORY ((size_t)64 << 10)	/* bytes of a generator's; with 16 KiB the way into the core costs as much as what is made there */
#define MOST (uint32_t)(MEMORY - sizeof(struct bitgen))	/* bytes of a refill */
#define FIRST (uint32_t)512	/* bytes of the first, because many generators give one number; each next one is twice as large */
#define LOW 256	/* bytes: with fewer the lock is not given out, so that most calls meet a failure there */
#define TRIES 100	/* of a draw that fails in a callback, */
#define NAP 10000000	/* with so many ns between them: a second, for descriptors or memory that were short */
#define APART __attribute__((noinline))	/* and not cold, for which the jumps there would be long ones */
#define HOT __attribute__((aligned(64)))	/* a line of code: that takes a cycle of eight less than two, in numpy's loops */

_Static_assert(sizeof(struct bitgen) == 64, "a cache line");

static unsigned char *end_of(struct bitgen *b) { return (unsigned char *)(b + 1); }

int bitgen_init(struct bitgen_user *u)
{
	unsigned char *memory = base->pages_new(MEMORY, PAGES_WIPED);
	if (!memory)
		return -1;
	u->bits = (struct bitgen *)(memory + MEMORY) - 1;
	u->epoch = base->stamp_epoch;
	return 0;
}

void bitgen_free(struct bitgen *b)
{
	if (!b)
		return;
	size_t n = b->size + sizeof *b;	/* no others have been written */
	erase(end_of(b) - n, n);
	munmap(end_of(b) - MEMORY, MEMORY);
}

/* How many bytes to make next. Twice as many, if the last ones have been used up and not become stale. */
static uint32_t next_size(const struct bitgen *b)
{
	if (b->size < FIRST)
		return FIRST;
	if (-b->at >= LOW || b->made.epoch != stamp_field(base->stamp_epoch))
		return b->size;
	return b->size > MOST / 2 ? MOST : 2 * b->size;
}

/* A child's are not locked; its first refill has another size than none. */
static void lock_pages(struct bitgen *b, uint32_t n)
{
	size_t pages = (n + sizeof *b + PAGE - 1) / PAGE * PAGE;
	if (n != b->size)
		base->pages_lock(end_of(b) - pages, pages);
}

/* 0, or the answer of draw. The memory is taken. */
static int refill(struct bitgen *b, int (*draw)(unsigned char *, size_t))
{
	for (;;) {
		uint32_t n = next_size(b);
		struct stamp now = base->stamp_now();
		b->made = now;
		b->made.epoch = 0;	/* until the bytes are there */
		b->at = 0;
		lock_pages(b, n);
		b->size = n;
		int r = draw((unsigned char *)b - n, n);
		if (r)
			return r;
		b->made.epoch = now.epoch;
		b->at = -(int64_t)n;
		/* A signal handler that forked in between: the bytes are zeros now, or the other process's too. */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		if (now.process == base->process_stamp())
			return 0;
	}
}

static void give_up(void)
{
	static const char why[] = "gorandom: the system's random number generator gives no bytes, "
		"and a numpy call that has begun cannot fail: the process ends\n";
	ssize_t ignored = write(2, why, sizeof why - 1);
	(void)ignored;
	abort();
}

/* Ends the process if draws have failed for so long; else waits a little. */
static void nap_or_end(int error, int *tries)
{
	if (error != GORANDOM_NOT_READY && ++*tries >= TRIES)
		give_up();
	base->kernel_nap(error == GORANDOM_NOT_READY ? -1 : NAP);
}

/* n bytes at x, erased where they were. 0: there are not so many, or a fork, a reseed or a restore has made them stale,
 * or another call is in the memory. */
static inline int take(struct bitgen_user *u, void *x, uint32_t n, int watch)
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
	/* Last, so that a signal handler that forked before this very instruction is seen, and a restored machine. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	int fresh = b->made.epoch == stamp_field(u->epoch) && (!watch || b->made.restore == base->restore_now());
	thread_leave(&u->taken);
	return __builtin_expect(fresh, 1);
}

/* Past the memory: in a signal handler that has interrupted another call, or in a thread that has passed the lock by. */
static uint64_t past(uint32_t n)
{
	uint64_t x = 0;
	int r, tries = 0;
	while ((r = base->draw_bytes((unsigned char *)&x, n)) != 0)
		nap_or_end(r, &tries);
	return x;
}

static uint64_t slowly(struct bitgen_user *u, uint32_t n)
{
	struct bitgen *b = u->bits;
	uint64_t x = 0;
	int tries = 0;
	/* Where fork does not wipe, nothing is kept for a child to find. */
	if (!base->pages_wiped_at_fork)
		return past(n);
	while (!take(u, &x, n, 1)) {
		if (__atomic_exchange_n(&u->taken, 1, __ATOMIC_ACQUIRE))
			return past(n);
		int r = refill(b, base->draw_bytes);
		thread_leave(&u->taken);
		if (r)
			nap_or_end(r, &tries);
	}
	return x;
}

/* Each multiple of 2^-53 below 1 is as likely as any other. */
static double to_double(uint64_t x) { return (double)(int64_t)(x >> 11) * 0x1p-53; }

/* The slow ways are last calls, functions of their own, so that the fast ones need no stack. */
static APART uint64_t slow_uint64(void *state) { return slowly(state, sizeof(uint64_t)); }
static APART uint32_t slow_uint32(void *state) { return (uint32_t)slowly(state, sizeof(uint32_t)); }
static APART double slow_double(void *state) { return to_double(slow_uint64(state)); }

/* Twice, because without a page to look at (guard/restore.c) a function fits one line of code. */
#define NUMBERS(name, watch) \
static HOT uint64_t name##_uint64(void *state) \
{ \
	uint64_t x; \
	return take(state, &x, sizeof x, watch) ? x : slow_uint64(state); \
} \
static HOT uint32_t name##_uint32(void *state) \
{ \
	uint32_t x; \
	return take(state, &x, sizeof x, watch) ? x : slow_uint32(state); \
} \
static HOT double name##_double(void *state) \
{ \
	uint64_t x; \
	return take(state, &x, sizeof x, watch) ? to_double(x) : slow_double(state); \
}

NUMBERS(next, 0)
NUMBERS(watched, 1)

void bitgen_install(struct bitgen_user *u, struct numpy_bitgen *to)
{
	int watch = base->watches_restores;
	to->state = u;
	to->next_uint64 = watch ? watched_uint64 : next_uint64;
	to->next_uint32 = watch ? watched_uint32 : next_uint32;
	to->next_double = watch ? watched_double : next_double;
	to->next_raw = to->next_uint64;
}

/* -1 with an exception set. Waits for the system's generator. */
static int draw_or_raise(unsigned char *dst, size_t n) { return base->draw(dst, n, 1); }

int bitgen_ensure(struct bitgen_user *u)
{
	struct bitgen *b = u->bits;
	if (!base->pages_wiped_at_fork) {
		unsigned char byte;
		int r = base->draw(&byte, 1, 1);
		erase(&byte, 1);
		return r;
	}
	if (-b->at >= LOW && base->stamp_holds(&b->made))
		return 0;
	if (__atomic_exchange_n(&u->taken, 1, __ATOMIC_ACQUIRE))
		return 0;
	int r = refill(b, draw_or_raise);
	thread_leave(&u->taken);
	return r;
}
