/* HMAC-SHA-256 (RFC 2104) around Go's compression of blocks: what is left when no Go runtime has to be entered,
 * which takes longer than a short message's whole tag. Any process, any thread, no lock. */
#define _GNU_SOURCE
#include <string.h>

#include "front.h"

#define BLOCK 64	/* bytes */
#define TAG 32
#define LENGTH_BYTES 8	/* at the end of the last block: FIPS 180-4, 5.1.1 */

sha256_blocks hmac256_blocks;

static const uint32_t initial[8] = {	/* FIPS 180-4, 5.3.3 */
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* The digest of what state has read, before bytes of it, and of n bytes more. state is erased. */
static void finish(uint32_t state[8], uint64_t before, const unsigned char *data, size_t n, unsigned char digest[TAG])
{
	unsigned char last[2 * BLOCK] = {0};
	size_t rest = n % BLOCK, whole = n - rest;

	if (whole)
		hmac256_blocks(state, data, whole);
	if (rest)
		memcpy(last, data + whole, rest);
	last[rest] = 0x80;
	size_t size = rest < BLOCK - LENGTH_BYTES ? BLOCK : 2 * BLOCK;
	uint64_t bits = __builtin_bswap64((before + n) * 8);
	memcpy(last + size - sizeof bits, &bits, sizeof bits);
	hmac256_blocks(state, last, size);
	for (int i = 0; i < 8; i++) {
		uint32_t word = __builtin_bswap32(state[i]);
		memcpy(digest + 4 * i, &word, sizeof word);
	}
	explicit_bzero(last, sizeof last);
	explicit_bzero(state, TAG);
}

void hmac256_set(struct hmac256 *key, const unsigned char *bytes, size_t n)
{
	unsigned char block[BLOCK] = {0};

	if (n > BLOCK) {
		uint32_t state[8];
		memcpy(state, initial, sizeof state);
		finish(state, 0, bytes, n, block);
	} else if (n) {
		memcpy(block, bytes, n);
	}
	for (int i = 0; i < BLOCK; i++)
		block[i] ^= 0x36;
	memcpy(key->inner, initial, sizeof initial);
	hmac256_blocks(key->inner, block, BLOCK);
	for (int i = 0; i < BLOCK; i++)
		block[i] ^= 0x36 ^ 0x5c;
	memcpy(key->outer, initial, sizeof initial);
	hmac256_blocks(key->outer, block, BLOCK);
	explicit_bzero(block, sizeof block);
}

void hmac256_sum(const struct hmac256 *key, const unsigned char *message, size_t n, unsigned char tag[TAG])
{
	uint32_t state[8];

	memcpy(state, key->inner, sizeof state);
	finish(state, BLOCK, message, n, tag);
	memcpy(state, key->outer, sizeof state);
	finish(state, BLOCK, tag, TAG, tag);
}

void hmac256_once(const unsigned char *bytes, size_t size, const unsigned char *message, size_t n, unsigned char tag[TAG])
{
	struct hmac256 key;

	hmac256_set(&key, bytes, size);
	hmac256_sum(&key, message, n, tag);
	explicit_bzero(&key, sizeof key);
}
