/* Version 7 UUIDs (RFC 9562, 5.7). Knows no Python and no clock, so that a test can give the bytes and the time. */
#pragma once

#include <stdint.h>

#pragma GCC visibility push(hidden)

#define UUID7_BYTES 18	/* random bytes for each UUID */
#define UUID7_AHEAD 10000	/* ms that a UUID's time may be ahead of the clock. A clock that was set back by more counts as corrected */

struct uuid7 {
	int64_t time;	/* ms since 1970; -1: none has been made */
	uint64_t rand_a, rand_b;	/* 12 and 62 bits, by the RFC's names: together one number of 74 */
};

/* Makes the next one from the last; now in ms. It is greater, unless the clock was set back by UUID7_AHEAD or more. */
void uuid7_next(struct uuid7 *last, int64_t now, const unsigned char drawn[UUID7_BYTES]);

void uuid7_put(const struct uuid7 *, unsigned char uuid[16]);

#pragma GCC visibility pop
