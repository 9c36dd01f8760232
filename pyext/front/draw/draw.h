/* Draws n bytes from the thread's page of ready bytes, from the core or from the kernel. Knows no Python. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define DRAW_ENDED (-101)	/* what draw_bytes() returns if between() has ended it */

/* 1: n ready bytes have been moved to dst. 0: there were too few, or they were stale; do not use what is at dst. */
int draw_ready(unsigned char *dst, size_t n);

/* Puts n bytes at dst. 0; or GORANDOM_NOT_READY or an errno, with dst zeroed. Never waits for the system's generator. For
 * any thread and any process, even while an interpreter ends.
 *
 * between: NULL; or a function to call between the parts of a large draw, which may then wait a little for a place in the
 * core. If the function returns non-zero, the draw ends. */
int draw_bytes(unsigned char *dst, size_t n, int (*between)(void *), void *arg);

int draw_is_long(size_t n);	/* will a draw of n bytes take more than some microseconds, by its size or by starting a core? */
int draw_start_core(void);	/* as start_core(). Kept events go to the core */
int draw_reseed(void);	/* 0, GORANDOM_NOT_READY, or an errno. Call it without the GIL */
uint64_t draw_direct_bytes(void);	/* that this process has drawn without a core */

/* ---- events.c: a program's own events ---- */

#define EVENT_BYTES 32	/* at most, of one event: Cryptography Engineering 9.5.3 */

int events_init(void);	/* once. 0, or an errno */
int events_add(int source, const void *data, size_t n);	/* 0, or an errno. Call it without the GIL */
void events_deliver(void);	/* passes kept events to the core. Call it inside the gate */
void events_flush(void);	/* the same from outside the gate */

#pragma GCC visibility pop
