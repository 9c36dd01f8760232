/* The system's random bytes. Each system needs one file with these functions. There is one for Linux. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

int kernel_init(void);	/* once. 0, or an errno */

/* Reads all n bytes or none, and never waits. 0, GORANDOM_NOT_READY, or an errno. */
int kernel_read(void *dst, size_t n);

/* Sleeps until the kernel's generator may be ready; ns < 0: no limit. A signal ends it early. Returns how long it slept, in
 * ns. A caller with a timeout adds that up, because a clock may stand still (libfaketime) or jump. */
int64_t kernel_nap(int64_t ns);

void kernel_gather(void);	/* makes the kernel gather entropy until it is ready, if a thread can be had for it */
unsigned kernel_threads(void);	/* of this process that gather: 0 or 1 */

const char *kernel_name(void);	/* "getrandom" or "/dev/urandom": what served last */
int kernel_ready(void);	/* has served once, in this process or an ancestor */

#pragma GCC visibility pop
