/* A lock for a few instructions, taken by any thread, with the GIL or without. It lies where process_keep_lock() says, so it is
 * free in a child, by whatever road that was forked, whoever held it in the parent. */
#pragma once

#include <sched.h>

#include "guard/fork.h"

/* The holder may be off its processor for long: threads of a process without a GIL meet here, and interpreters with
 * GILs of their own. It exists; but where fork wipes no pages, a raw clone frees the lock of a holder that does not. */
static inline void lock_take(int *lock)
{
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
		fork_check();
		sched_yield();
	}
}

static inline void lock_leave(int *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }
