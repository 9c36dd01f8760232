/* Buffers for bit generators, 64 in one mapping: a process may have only 65,530 mappings, and each thread needs one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "python/base.h"

#pragma GCC visibility push(hidden)

#define BUFFER ((size_t)16 << 10)	/* bytes; with its user's data it stays in the processor's first cache, which has 32 KiB or more */

struct slab;

/* One buffer. It is zero at first, and zero again in a child; left out of core dumps; locked by buffer_lock(). */
struct buffer {
	struct slab *slab;
	unsigned char *bytes;	/* BUFFER of them */

	/* Where the kernel does not wipe, a fork handler does. For a child that no handler has seen there is this number, in
	 * memory that parent and child share until the child has been noticed. NULL where the kernel wipes. */
	uint64_t *shared;
};

int slab_init(const struct base *);	/* any number of times. 0, or an errno */

int buffer_take(struct buffer *);	/* 0, or an errno. Any thread, with or without a GIL; no lock is held meanwhile */
void buffer_give(const struct buffer *, size_t used);	/* erases the last used bytes. No others have been written */

/* Locks what is written there into memory, if possible. process: process_stamp(); a child does not inherit the lock. used: as
 * above. */
void buffer_lock(const struct buffer *, uint64_t process, size_t used);

#pragma GCC visibility pop
