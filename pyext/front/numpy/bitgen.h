#ifndef GORANDOM_NUMPY_BITGEN_H
#define GORANDOM_NUMPY_BITGEN_H

#include <stdint.h>

#include "python/base.h"

#pragma GCC visibility push(hidden)

extern const struct base *base;	/* module.c sets it at import */

/* Numbers ready for one bit generator of numpy's, in memory that fork wipes: a child finds no bytes, a stamp that
 * holds nowhere, and a lock that nobody holds. This stands at the memory's end. The bytes are before it, those next in
 * turn farthest from it, so that few of them need few pages. */
struct bitgen {
	struct stamp made;	/* when and where the bytes were */
	uint64_t owner;	/* the thread that holds the lock, if any */
	uint32_t locked;	/* 0, 1, or 2 when somebody may be waiting: what futex(2) waits on */
	uint32_t depth;	/* of the owner's entries */
	uint32_t generation;	/* fork_generation of the process whose lock it is; for kernels that do not wipe */
	uint32_t size;	/* bytes of the last refill */
	int64_t at;	/* the first ready byte, counted from this struct: negative, or 0 for none. Those before it are erased */
};

/* What numpy's functions are given. It stands in memory that a child inherits: thread_take() says why. */
struct bitgen_user {
	struct bitgen *bits;
	const uint64_t *epoch;	/* base->stamp_epoch, at hand */
	int taken;	/* a call is in the memory. Whoever finds it taken has its numbers made one by one */
};

/* numpy's struct bitgen, numpy/random/bitgen.h: published, the same in all its versions from 1.17 on. Newer ones may
 * append to it. */
struct numpy_bitgen {
	void *state;
	uint64_t (*next_uint64)(void *);
	uint32_t (*next_uint32)(void *);
	double (*next_double)(void *);
	uint64_t (*next_raw)(void *);
};

int bitgen_init(struct bitgen_user *);	/* 0, or -1: no memory */
void bitgen_free(struct bitgen *);
void bitgen_install(struct bitgen_user *, struct numpy_bitgen *);

/* With the lock held, and the GIL, which it may give away meanwhile: are there numbers for this call? 0, or -1 with
 * an exception set. */
int bitgen_ensure(struct bitgen_user *);

#pragma GCC visibility pop

#endif
