/* The front's algorithms (pyext/front/pure) for ctypes, with bytes and a time that the test gives. Built together with all
 * their sources, which know neither Python nor the generator. */
#include <string.h>

#include "pure/compare.h"
#include "pure/hmac256.h"
#include "pure/text.h"
#include "pure/uniform.h"
#include "pure/uuid7.h"

#define EXPORT __attribute__((visibility("default")))

static const unsigned char *script;
static size_t left;

static int draw(unsigned char *dst, size_t n, int wait)
{
	(void)wait;
	if (n > left)
		return -1;
	memcpy(dst, script, n);
	script += n;
	left -= n;
	return 0;
}

static const struct uniform from = {draw, 0};

/* All take the whole script, and return how many bytes of it are left, or -1 if there were too few. */
static long answer(int r) { return r ? -1 : (long)left; }

static void feed(const unsigned char *data, size_t n)
{
	script = data;
	left = n;
}

EXPORT long plain_bits(const unsigned char *data, size_t n, unsigned k, uint64_t *x)
{
	feed(data, n);
	return answer(uniform_bits(&from, k, x));
}

EXPORT long plain_below(const unsigned char *data, size_t n, uint64_t bound, uint64_t *x)
{
	feed(data, n);
	return answer(uniform_below(&from, bound, x));
}

EXPORT long plain_float(const unsigned char *data, size_t n, double *x)
{
	feed(data, n);
	return answer(uniform_float(&from, x));
}

/* How often each number comes from all words of this many bytes: counts[0..bound), and in counts[bound] how many words
 * were dropped. -1 if a word gave a number that is too large. */
EXPORT int plain_enumerate(uint64_t bound, size_t bytes, uint32_t *counts)
{
	for (uint64_t word = 0; word >> 8 * bytes == 0; word++) {
		unsigned char data[8];
		uint64_t x;
		for (size_t i = 0; i < bytes; i++)
			data[i] = (unsigned char)(word >> 8 * i);
		long r = plain_below(data, bytes, bound, &x);
		if (r > 0 || (r == 0 && x >= bound))
			return -1;
		counts[r ? bound : x]++;
	}
	return 0;
}

EXPORT size_t plain_room(size_t n, size_t k) { return uniform_room(n, k); }

EXPORT long plain_choose(const unsigned char *data, size_t size, size_t n, size_t k, uint32_t *chosen, uint32_t *room)
{
	feed(data, size);
	return answer(uniform_choose(&from, n, k, chosen, room));
}

EXPORT void plain_hex(char *dst, const unsigned char *src, size_t n) { text_hex(dst, src, n); }
EXPORT void plain_urlsafe(char *dst, const unsigned char *src, size_t n) { text_urlsafe(dst, src, n); }

EXPORT void plain_uuid7(struct uuid7 *last, int64_t now, const unsigned char *drawn, unsigned char uuid[16])
{
	uuid7_next(last, now, drawn);
	uuid7_put(last, uuid);
}

/* By the plain compression: no other one has been set here. */
EXPORT void plain_sha256(const unsigned char *data, size_t n, unsigned char digest[32]) { sha256_once(data, n, digest); }

EXPORT int plain_compare(const void *a, size_t na, const void *b, size_t nb) { return compare_equal(a, na, b, nb); }

/* prepared: with a key that is prepared first. */
EXPORT void plain_hmac256(const unsigned char *bytes, size_t size, const unsigned char *message, size_t n, unsigned char *tag, int prepared)
{
	struct hmac256 key;
	if (prepared) {
		hmac256_set(&key, bytes, size);
		hmac256_sum(&key, message, n, tag);
	} else {
		hmac256_once(bytes, size, message, n, tag);
	}
}
