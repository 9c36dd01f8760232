/* A lock for a few instructions, taken by any thread, with the GIL or without. Made anew in a child, by a fork handler
 * that lets it go. */
#pragma once

#include <sched.h>

#include "guard/fork.h"
#include "guard/process.h"

/* The holder may be off its processor for long: threads of a process without a GIL meet here, and interpreters with
 * GILs of their own. Bounded only where it may not exist, in a raw clone: 0 then. */
static inline int lock_take(int *lock)
{
	for (int i = 0; i < 1000 || process->known; i += i < 1000) {
		if (!__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
			return 1;
		fork_check();
		sched_yield();
	}
	return 0;
}

static inline void lock_leave(int *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }
