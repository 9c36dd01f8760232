/* Memory for secrets: whole pages, zero at first and left out of core dumps. */
#ifndef GORANDOM_GUARD_PAGES_H
#define GORANDOM_GUARD_PAGES_H

#include <stddef.h>

#define PAGE 4096

#pragma GCC visibility push(hidden)

enum pages { PAGES_KEPT, PAGES_WIPED };	/* in a forked child: as the parent had them, or zero again */

extern int pages_wiped_at_fork;	/* does the kernel wipe PAGES_WIPED? Otherwise process_check() has it done by hand */

void pages_init(void);	/* once, before all others */
void *pages_new(size_t bytes, enum pages);	/* NULL: not to be had. Given back by munmap() */
void pages_lock(void *, size_t bytes);	/* into memory, if possible. A child does not inherit the lock */

#pragma GCC visibility pop

#endif
