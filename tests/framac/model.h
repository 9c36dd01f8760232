/* What the proofs share. Each .c file here includes a source of pyext/front/pure and has entry functions. From these Eva,
 * Frama-C's analysis of values, interprets the source with all values at once. The comment before an entry names what is
 * proved, and for which inputs. If sizes are enumerated, each is tried with buffers that end exactly where they must.
 *
 * With MISSING = 1 each buffer is one element short. Then each entry must raise an alarm, or its proof says nothing. */
#include <endian.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "__fc_builtin.h"

#ifndef MISSING
#define MISSING 0
#endif

/* The last n elements of an array. */
#define LAST(array, n) ((array) + sizeof(array) / sizeof *(array) - (n) + MISSING)

#define UNKNOWN(array) Frama_C_make_unknown((char *)(array), sizeof(array))

/* GCC's builtins and glibc's macros, which Eva does not know. */
#undef be32toh
#undef htobe32
#undef htobe64
#define be32toh(x) (uint32_t)(model_bswap64(x) >> 32)
#define htobe32(x) (uint32_t)(model_bswap64(x) >> 32)
#define htobe64 model_bswap64
#define __builtin_bswap64 model_bswap64
#define __builtin_clzll model_clzll

static uint64_t model_bswap64(uint64_t x)
{
	x = (x & 0x00ff00ff00ff00ff) << 8 | (x >> 8 & 0x00ff00ff00ff00ff);
	x = (x & 0x0000ffff0000ffff) << 16 | (x >> 16 & 0x0000ffff0000ffff);
	return x << 32 | x >> 32;
}

static int model_clzll(unsigned long long x)
{
	int zeros = 0;
	//@ assert x != 0;
	//@ loop unroll 64;
	while (zeros < 63 && !(x >> (63 - zeros)))
		zeros++;
	return zeros;
}
