/* A lock for a few instructions, taken by any thread, with the GIL or without. It lies in the process's page
 * (process_keep_lock()), so a child finds it free, however it was forked. */
#pragma once

#include <sched.h>

#include "guard/fork.h"

/* The holder may be off its processor for long: threads of a process without a GIL meet here, and interpreters with
 * GILs of their own. Where fork wipes no pages, a raw clone may find a lock whose holder does not exist there: fork_check()
 * frees it. */
static inline void lock_take(int *lock)
{
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
		fork_check();
		sched_yield();
	}
}

static inline void lock_leave(int *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }
