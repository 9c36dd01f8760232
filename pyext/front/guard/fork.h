/* Fork hooks. Each room registers what it needs done when the process forks; this file knows none of the rooms. */
#pragma once

#include "guard/process.h"

#pragma GCC visibility push(hidden)

/* The order of the hooks, in the parent and in the child. The core comes last in the child: it is entered only when all
 * that a draw rests on is this process's own. */
enum fork_place {
	FORK_THREADS,	/* runtime/thread.c: the records and pages of threads that do not exist here */
	FORK_LOCKS,	/* python/forklock.c: a lock of Python code's */
	FORK_NUMBERS,	/* numpy/slab.c: ready bytes */
	FORK_CORE,	/* runtime/start.c: the lock of starts, the gate, the core's record */
};

struct fork_hook {
	enum fork_place place;
	void (*prepare)(void), (*parent)(void);	/* before the fork, and after it in the parent. NULL: nothing to do */

	/* In a child: forgets or erases what fork has not wiped. Also called by fork_check(). */
	void (*wipe)(void);

	void (*child)(void);	/* in a child that fork() has made, after all wipe hooks */
	struct fork_hook *next;	/* fork.c's */
};

/* Once for each hook, which lives as long as the process. One thread at a time. */
void fork_register(struct fork_hook *);

int fork_init(void);	/* once, when what is there at start-up is registered. 0, or an errno */

/* Call it before and after each draw. Where fork wipes no pages, it notices a child that the handlers have not seen, and does
 * their work: 1 then. A PID alone is never proof, because PIDs are reused. Here it only has to catch a clone(2) that went past
 * the handlers while its parent still lives, in the same PID namespace. */
int fork_notice(void);
static inline int fork_check(void) { return __builtin_expect(!pages_wiped_at_fork, 0) && fork_notice(); }

extern unsigned fork_generation;	/* forks between the process that imported us and this one */

int fork_is_underway(void);	/* is the calling thread in the middle of fork(), in somebody's fork handler? */

#pragma GCC visibility pop
