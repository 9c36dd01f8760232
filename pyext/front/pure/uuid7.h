/* Version 7 UUIDs (RFC 9562, 5.7). Knows no Python and no clock, so that a test can give the bytes and the time. */
#pragma once

#include <stdint.h>

#pragma GCC visibility push(hidden)

#define UUID7_BYTES 18	/* random ones for each */
#define UUID7_AHEAD 10000	/* ms that the time in one may be ahead of the clock: a clock that was set back by more counts as corrected */

struct uuid7 {
	int64_t time;	/* ms since 1970; -1: none has been made */
	uint64_t rand_a, rand_b;	/* the 12 and the 62 bits that the RFC calls so: one number of 74 */
};

/* From the last one to the next; now in ms. It is greater, unless the clock was set back by UUID7_AHEAD or more. */
void uuid7_next(struct uuid7 *last, int64_t now, const unsigned char drawn[UUID7_BYTES]);

void uuid7_put(const struct uuid7 *, unsigned char uuid[16]);

#pragma GCC visibility pop
