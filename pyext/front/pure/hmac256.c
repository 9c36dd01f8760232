/* HMAC-SHA-256 (RFC 2104) around Go's compression of blocks. It does not enter the Go runtime, which would take
 * longer than the whole tag of a short message. Any process, any thread, no lock. */
#include <string.h>

#include "pure/erase.h"
#include "pure/hmac256.h"

void hmac256_set(struct hmac256 *key, const unsigned char *bytes, size_t n)
{
	unsigned char block[SHA256_BLOCK] = {0};

	if (n > SHA256_BLOCK) {
		sha256_once(bytes, n, block);
	} else if (n) {
		memcpy(block, bytes, n);
	}
	for (int i = 0; i < SHA256_BLOCK; i++)
		block[i] ^= 0x36;
	memcpy(key->inner, sha256_initial, sizeof sha256_initial);
	sha256_compress(key->inner, block, SHA256_BLOCK);
	for (int i = 0; i < SHA256_BLOCK; i++)
		block[i] ^= 0x36 ^ 0x5c;
	memcpy(key->outer, sha256_initial, sizeof sha256_initial);
	sha256_compress(key->outer, block, SHA256_BLOCK);
	erase(block, sizeof block);
}

void hmac256_sum(const struct hmac256 *key, const unsigned char *message, size_t n, unsigned char tag[SHA256_BYTES])
{
	uint32_t state[8];

	memcpy(state, key->inner, sizeof state);
	sha256_finish(state, SHA256_BLOCK, message, n, tag);
	memcpy(state, key->outer, sizeof state);
	sha256_finish(state, SHA256_BLOCK, tag, SHA256_BYTES, tag);
}

void hmac256_once(const unsigned char *bytes, size_t size, const unsigned char *message, size_t n, unsigned char tag[SHA256_BYTES])
{
	struct hmac256 key;

	hmac256_set(&key, bytes, size);
	hmac256_sum(&key, message, n, tag);
	erase(&key, sizeof key);
}
