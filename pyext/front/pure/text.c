/* Bytes as hexadecimal and Base64 text. Eight characters are the bytes of one word and are computed together. */
#include <stdint.h>
#include <string.h>

#include "pure/text.h"

#define ALL(byte) ((uint64_t)(byte) * 0x0101010101010101)

/* 1 in each byte of x that is at least limit, else 0. All bytes of x are below 128. */
static uint64_t at_least(uint64_t x, unsigned limit) { return (x + ALL(128 - limit)) >> 7 & ALL(1); }

static uint64_t load(const unsigned char *src)	/* eight bytes, big-endian */
{
	uint64_t x;
	memcpy(&x, src, sizeof x);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static void store(char *dst, uint64_t characters)	/* the same way */
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	characters = __builtin_bswap64(characters);
#endif
	memcpy(dst, &characters, sizeof characters);
}

/* Sixteen bytes a step, where the compiler has vector types that suit any processor. Returns how many bytes are done. */
static size_t hex_wide(char *dst, const unsigned char *src, size_t n)
{
	size_t done = 0;
#if defined __has_builtin
#if __has_builtin(__builtin_shufflevector)
	typedef unsigned char vector __attribute__((vector_size(16)));
	for (; done + 16 <= n; done += 16) {
		vector x, digits[2];
		memcpy(&x, src + done, sizeof x);
		vector high = x >> 4, low = x & 15;
		digits[0] = __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
		digits[1] = __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
		for (int i = 0; i < 2; i++)
			digits[i] += '0' + ((vector)(digits[i] > 9) & ('a' - '0' - 10));
		memcpy(dst + 2 * done, digits, sizeof digits);
	}
#endif
#endif
	return done;
}

void text_hex(char *dst, const unsigned char *src, size_t n)
{
	for (size_t i = hex_wide(dst, src, n); i < n; i += 4) {
		uint64_t x = load(src + i) >> 32;
		x = (x << 16 | x) & 0x0000ffff0000ffff;
		x = (x << 8 | x) & 0x00ff00ff00ff00ff;
		x = (x << 4 | x) & ALL(0x0f);
		store(dst + 2 * i, x + ALL('0') + at_least(x, 10) * ('a' - '0' - 10));
	}
}

void text_urlsafe(char *dst, const unsigned char *src, size_t n)
{
	for (size_t i = 0; i < n; i += 6, dst += 8) {
		uint64_t x = load(src + i) >> 16;
		x = (x & 0x0000ffffff000000) << 8 | (x & 0x0000000000ffffff);	/* 24 bits each */
		x = (x & 0x00fff00000fff000) << 4 | (x & 0x00000fff00000fff);	/* 12 */
		x = (x & 0x0fc00fc00fc00fc0) << 2 | (x & 0x003f003f003f003f);	/* 6 */
		/* A-Z from 0, a-z from 26, 0-9 from 52, - 62, _ 63; each step counts from the one before. */
		uint64_t c = x + ALL('A') + at_least(x, 26) * ('a' - 26 - 'A');
		c -= at_least(x, 52) * ('a' - 26 - ('0' - 52));
		c -= at_least(x, 62) * ('0' - 52 - ('-' - 62));
		c += at_least(x, 63) * ('_' - 63 - ('-' - 62));
		store(dst, c);
	}
}
