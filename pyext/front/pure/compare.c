/* Are two secrets equal? In a time that does not tell where they differ. Knows neither Python nor the rest of
 * the front, so that bench/consttime.c and tests/python/noise/undefined.c can put this very file to the test. */
#include <stdint.h>
#include <string.h>

#include "pure/compare.h"

/* What a compiler may not look through. All differences found so far pass here in each step: an asm that is
 * volatile runs exactly as often as the program says, so no step can be left out once the answer is known; and
 * what comes out of it is unknown to the compiler, which therefore never knows that the answer is known. GCC and
 * Clang keep both promises on every processor; no instruction is emitted. */
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
