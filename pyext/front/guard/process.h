/* Which process is this? A fork is detected by a page that the kernel wipes in the child, whatever called fork or clone.
 * No handler has to run for that. The fork handlers (fork.h) only tidy up. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PAGE 4096

#pragma GCC visibility push(hidden)

/* Memory for secrets: whole pages, zero at first and left out of core dumps. */
enum pages { PAGES_KEPT, PAGES_WIPED };	/* in a forked child: as in the parent, or zero again */

extern int pages_wiped_at_fork;	/* does the kernel wipe PAGES_WIPED? Otherwise fork_check() runs the wipe hooks */

void *pages_new(size_t bytes, enum pages);	/* NULL: no memory. Free them by munmap() */
int pages_locked_in_advance(void);	/* is a new mapping locked, and so populated at once (mlockall with MCL_FUTURE)? */
void pages_lock(void *, size_t bytes);	/* into memory, if possible. A child does not inherit the lock */

/* Zero in a forked child, however it was forked. */
struct process {
	uint64_t known;	/* its PID, if it has imported us or was made by fork(): its locks are sound. 0: made by a raw clone(2) */
	uint64_t stamp;	/* identifies this process; 0: not made yet. Read it by process_stamp() */
};

extern struct process *process;	/* set by process_init() */

int process_init(void);	/* call it once. 0, or an errno, as for all _init functions here */

/* Returns n zero bytes that are zero again in a child, for what is true of this process alone. They are part of one page,
 * which is left out of core dumps and locked if possible. Call it at start-up only. NULL: the page is full. */
void *process_keep(size_t n);
int *process_keep_lock(void);	/* for lock.h. Apart from what draws read, so that they do not wait for its cache line */

uint64_t process_make_stamp(void);

/* The number of this process: its parent had another, and so will its children. A caller that sees it change in the
 * middle of an operation has been forked there. */
static inline uint64_t process_stamp(void)
{
	uint64_t stamp = __atomic_load_n(&process->stamp, __ATOMIC_RELAXED);
	return stamp ? stamp : process_make_stamp();
}

#pragma GCC visibility pop
