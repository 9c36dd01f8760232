/* The system's clock, in seconds. Where time() is slow it may be a few milliseconds late. */
#pragma once

#include <stdint.h>
#include <time.h>

#pragma GCC visibility push(hidden)

extern int clock_is_slow;
int clock_init(void);	/* once. 0 */
uint32_t clock_seldom(void);

#pragma GCC visibility pop

static inline uint32_t clock_second(void) { return __builtin_expect(clock_is_slow, 0) ? clock_seldom() : (uint32_t)time(NULL); }
