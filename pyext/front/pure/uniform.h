/* Uniform numbers, orders and selections from random bytes. Knows no Python, so that a test can give the bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Where the bytes come from: bytes_draw(), or a test's script. It returns 0; or non-zero, and no more is drawn. */
struct uniform {
	int (*draw)(unsigned char *dst, size_t n, int wait);
	int wait;	/* the draw's last argument */
};

/* All return 0, or what the draw has returned. They use bytes as CPython's random.SystemRandom does. */
int uniform_bits(const struct uniform *, unsigned k, uint64_t *x);	/* 0 <= x < 2**k, k <= 64: the high bits of ceil(k / 8) bytes, big-endian */
int uniform_below(const struct uniform *, uint64_t n, uint64_t *x);	/* 0 <= x < n, n > 0 */
int uniform_float(const struct uniform *, double *x);	/* 0.0 <= x < 1.0: 53 bits of 7 bytes */

#define UNIFORM_MOST ((uint64_t)1 << 31)	/* the largest n of a selection: an index fits its table */

/* Puts k different indices below n into chosen, in random order. room: uniform_room(n, k) numbers, erased afterwards. */
size_t uniform_room(size_t n, size_t k);
int uniform_choose(const struct uniform *, size_t n, size_t k, uint32_t *chosen, uint32_t *room);

#pragma GCC visibility pop
