/* Each thread that draws has a record and a secret page of its own, so threads share no lock in a small draw. */
#pragma once

#include <pthread.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* A record lies in memory that a child inherits, and its page in memory that fork wipes. */
struct thread {
	void *page;	/* of PAGE bytes */
	int taken;	/* a draw of the owner is using the page: thread_take() */
	struct thread *next;	/* in the list of all records of the process */
	uintptr_t owner;	/* if used: the living thread whose record it is, by thread_here() */
	int used;
	int initial;	/* the owner is the process's initial thread */
	uint64_t bound;	/* the core (core_alive()) that the initial thread has entered already */
};

int thread_init(void);	/* once. 0, or an errno */

/* Identifies the calling thread as pthread_self() does, without a call. */
static inline uintptr_t thread_here(void)
{
#if defined __x86_64__
	uintptr_t here;
	__asm__("mov %%fs:0, %0" : "=r"(here));
	return here;
#else
	return (uintptr_t)pthread_self();
#endif
}

/* The record of the first thread that drew. In most programs it draws most, and this way is shorter than through the key.
 * Records are never unmapped, so a stale pointer is safe to read: it shows another owner. */
extern struct thread *thread_first;
struct thread *thread_find(void);

/* The calling thread's record; NULL: it cannot have one. */
static inline struct thread *thread_get(void)
{
	struct thread *t = __atomic_load_n(&thread_first, __ATOMIC_ACQUIRE);
	return t && __atomic_load_n(&t->owner, __ATOMIC_RELAXED) == thread_here() ? t : thread_find();
}

/* Marks memory as in use by one call. 0: another call of this thread is using it. A signal handler interrupted that call and
 * came here too, in this process or in a child that the handler forked.
 *
 * A child inherits the mark but not the marked memory, which fork wipes. So an interrupted call that continues in the child
 * finds that memory empty. A test and a store are enough: a handler that runs between the two ends before the store. After
 * the mark, read again what was read before it. */
static inline int thread_take(int *taken)
{
	if (__atomic_load_n(taken, __ATOMIC_RELAXED))
		return 0;
	__atomic_store_n(taken, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return 1;
}

static inline void thread_leave(int *taken)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(taken, 0, __ATOMIC_RELAXED);
}

#pragma GCC visibility pop
