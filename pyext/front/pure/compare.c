/* Are two secrets equal? The time does not show where they differ. This file knows neither Python nor the rest
 * of the front, so that bench/consttime.c and tests/python/noise/undefined.c can test it as it is. */
#include <stdint.h>
#include <string.h>

#include "pure/compare.h"

/* A value that the compiler cannot see through. In each step all differences found so far pass through here. A
 * volatile asm runs exactly as often as the program says, so no step can be left out once the answer is known.
 * Its output is unknown to the compiler, which therefore never knows that the answer is known. GCC and Clang
 * keep both promises on every processor, and no instruction is emitted. */
static inline uint64_t opaque(uint64_t x)
{
	__asm__ volatile("" : "+r"(x));
	return x;
}

static inline uint64_t load(const unsigned char *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

int compare_equal(const void *a, size_t na, const void *b, size_t nb)
{
	const unsigned char *x = na == nb ? a : b, *y = b;
	uint64_t different = na != nb;
	size_t i = 0;

	for (; nb - i >= sizeof different; i += sizeof different)
		different = opaque(different | (load(x + i) ^ load(y + i)));
	for (; i < nb; i++)
		different = opaque(different | (uint64_t)(x[i] ^ y[i]));
	/* The highest bit of d | -d is set unless d is 0. */
	return (int)(1 ^ opaque((different | (0 - different)) >> 63));
}
