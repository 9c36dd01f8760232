#ifndef GORANDOM_THREADS_H
#define GORANDOM_THREADS_H

#include "core.h"
#include "record.h"

#define STACK_SLACK ((size_t)128 << 10)	/* the C library's own part above Go's, and room for C below it */
#define STACK_FOR_GO (GORANDOM_STACK - STACK_SLACK)

int core_hire(struct record *, unsigned asleep);
unsigned core_asleep(const struct record *);
void core_dismiss(struct record *);
void core_settle(struct record *);
void heap_is_core_thread(void *frame);	/* heap.c; the calling thread is the core's and its stack ends above frame */

#endif
