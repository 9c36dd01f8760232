/* Fork hooks. Each part of the front registers what it needs done at a fork. This file knows none of the parts. */
#pragma once

#include "guard/process.h"

#pragma GCC visibility push(hidden)

/* The order of the hooks, in the parent and in the child. In the child the core comes last: it is entered only when
 * everything that a draw depends on belongs to this process. */
enum fork_place {
	FORK_THREADS,	/* runtime/thread.c: the records and pages of threads that do not exist here */
	FORK_LOCKS,	/* python/forklock.c: a lock of the Python code */
	FORK_NUMBERS,	/* numpy/slab.c: ready bytes */
	FORK_CORE,	/* runtime/start.c: the lock of starts, the gate, the core's record */
};

struct fork_hook {
	enum fork_place place;
	void (*prepare)(void), (*parent)(void);	/* before the fork, and after it in the parent. NULL: nothing to do */

	/* In a child: forgets or erases what fork has not wiped. Also called by fork_check(). */
	void (*wipe)(void);

	void (*child)(void);	/* in a child made by fork(), after all wipe hooks */
	struct fork_hook *next;	/* for fork.c */
};

/* Call it once for each hook, from one thread at a time. The hook must live as long as the process. */
void fork_register(struct fork_hook *);

int fork_init(void);	/* once, after the hooks of start-up are registered. 0, or an errno */

/* Call it before and after each draw. Where fork wipes no pages, it detects a child that the handlers have not seen, runs the
 * wipe hooks and returns 1. A PID alone is no proof, because PIDs are reused. Here it only has to catch a clone(2) that
 * bypassed the handlers, while the parent still lives in the same PID namespace. */
int fork_notice(void);
static inline int fork_check(void) { return __builtin_expect(!pages_wiped_at_fork, 0) && fork_notice(); }

extern unsigned fork_generation;	/* forks between the process that imported us and this one */

int fork_is_underway(void);	/* is the calling thread inside fork(), in a fork handler of any library? */

#pragma GCC visibility pop
