/* A lock that is held for a few instructions, by any thread, with or without the GIL. It lies in the process's page
 * (process_keep_lock()), so it is free in a child, however the child was made. */
#pragma once

#include <sched.h>

#include "guard/fork.h"

/* It yields, because the holder may be off its processor for long. Those who contend are threads without a GIL, and
 * interpreters with GILs of their own. Where fork wipes no pages, a raw clone may inherit a lock whose holder does not
 * exist there. fork_check() frees it. */
static inline void lock_take(int *lock)
{
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
		fork_check();
		sched_yield();
	}
}

static inline void lock_leave(int *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }
