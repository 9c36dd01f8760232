/* Version 7 UUIDs: time and 74 further bits that grow by random steps within a millisecond (RFC 9562, 6.2, method 2). */
#include "pure/uuid7.h"

#define RAND_A 12	/* bits */
#define RAND_B 62
#define STEP_AHEAD 56	/* bits of a step while the time is ahead of the clock's; else RAND_B */
#define LOW(bits) (((uint64_t)1 << (bits)) - 1)

static uint64_t load(const unsigned char *bytes)
{
	uint64_t x = 0;
	for (int i = 0; i < 8; i++)
		x = x << 8 | bytes[i];
	return x;
}

/* The top bit stays free, so that a millisecond has room for thousands. */
static void begin(struct uuid7 *last, int64_t time, const unsigned char drawn[UUID7_BYTES])
{
	last->time = time;
	last->rand_a = ((uint64_t)drawn[0] << 8 | drawn[1]) & LOW(RAND_A - 1);
	last->rand_b = load(drawn + 2) & LOW(RAND_B);
}

void uuid7_next(struct uuid7 *last, int64_t now, const unsigned char drawn[UUID7_BYTES])
{
	if (now > last->time || last->time - now >= UUID7_AHEAD) {
		begin(last, now, drawn);
		return;
	}
	/* Ahead of the clock a millisecond has room for 100,000, so that making many does not run further ahead. */
	last->rand_b += 1 + (load(drawn + 10) & LOW(now < last->time ? STEP_AHEAD : RAND_B));
	last->rand_a += last->rand_b >> RAND_B;
	last->rand_b &= LOW(RAND_B);
	if (last->rand_a >> RAND_A)	/* from bytes that had no part in the step */
		begin(last, last->time + 1, drawn);
}

static void put(uint64_t word, unsigned char *bytes)
{
	for (int i = 7; i >= 0; i--, word >>= 8)
		bytes[i] = (unsigned char)word;
}

void uuid7_put(const struct uuid7 *u, unsigned char uuid[16])
{
	put((uint64_t)u->time << 16 | 7 << 12 | u->rand_a, uuid);
	put((uint64_t)2 << 62 | u->rand_b, uuid + 8);
}
