/* A program's own events. */
#ifndef GORANDOM_DRAW_EVENTS_H
#define GORANDOM_DRAW_EVENTS_H

#include <stddef.h>

#define EVENT_BYTES 32	/* at most, of one event: Cryptography Engineering 9.5.3 */

#pragma GCC visibility push(hidden)

int events_init(void);	/* once. 0, or an errno */
int events_add(int source, const void *data, size_t n);	/* 0, or an errno. Without the GIL */
void events_deliver(void);	/* inside the gate: what was kept goes to the core */

#pragma GCC visibility pop

#endif
