#ifndef GORANDOM_BITGEN_H
#define GORANDOM_BITGEN_H

#include <Python.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Numbers ready for one bit generator of numpy's, in memory that fork wipes: a child finds no bytes, a token that
 * is no epoch, and a lock that nobody holds. This stands at the memory's end. The bytes are before it, those next in
 * turn farthest from it, so that few of them need few pages. */
struct bitgen {
	uint64_t token;	/* the epoch at which the bytes were made, as a pool's */
	uint64_t process;	/* process_stamp() of the process that has used the memory */
	int64_t second;	/* of the system's clock, in which the bytes were made */
	uint64_t owner;	/* the thread that holds the lock, if any */
	uint32_t locked;	/* 0, 1, or 2 when somebody may be waiting: what futex(2) waits on */
	uint32_t depth;	/* of the owner's entries */
	uint32_t generation;	/* process_generation of the process whose lock it is; for kernels that do not wipe */
	uint32_t size;	/* bytes of the last refill */
	int64_t at;	/* the first ready byte, counted from this struct: negative, or 0 for none. Those before it are erased */
	uint64_t watched;	/* clones_now() before the bytes were made */
};

/* What numpy's functions are given. It stands in memory that a child inherits: pool_take() says why. */
struct bitgen_user {
	struct bitgen *bits;
	uint32_t taken;	/* a call is in the memory. Whoever finds it taken has its numbers made one by one */
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

/* ---- bitgen.c ---- */

struct bitgen *bitgen_new(void);	/* NULL: no memory */
void bitgen_free(struct bitgen *);
void bitgen_install(struct bitgen_user *, struct numpy_bitgen *);

/* With the lock held, and the GIL, which it may give away meanwhile: are there numbers for this call? 0, or -1 with
 * an exception set. */
int bitgen_ensure(struct bitgen_user *);

/* ---- bitlock.c ---- */

int bitgen_add_type(PyObject *module);	/* adds BitGen to the module. 0, or -1 with an exception set */

#pragma GCC visibility pop

#endif
