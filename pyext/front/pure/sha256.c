/* SHA-256 (FIPS 180-4). Any process, any thread, no lock. */
#define _GNU_SOURCE
#include <endian.h>
#include <string.h>

#include "pure/erase.h"
#include "pure/sha256.h"

#define LENGTH_BYTES 8	/* at the end of the last block: 5.1.1 */

sha256_blocks sha256_fast;

const uint32_t sha256_initial[8] = {	/* 5.3.3 */
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* The compression in plain C, for the few bytes that need it where Go's is missing: 6.2.2. */
static void plain_blocks(uint32_t state[8], const void *blocks, size_t bytes)
{
	static const uint32_t k[64] = {	/* 4.2.2 */
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	};
	uint32_t w[64], s[8];

	for (const unsigned char *block = blocks; bytes >= SHA256_BLOCK; block += SHA256_BLOCK, bytes -= SHA256_BLOCK) {
		for (int i = 0; i < 16; i++) {
			memcpy(&w[i], block + 4 * i, 4);
			w[i] = be32toh(w[i]);
		}
		for (int i = 16; i < 64; i++)
			w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3)
				+ (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
		memcpy(s, state, sizeof s);
		for (int i = 0; i < 64; i++) {
			uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
			uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
			memmove(s + 1, s, 7 * sizeof *s);
			s[4] += t1;
			s[0] = t1 + t2;
		}
		for (int i = 0; i < 8; i++)
			state[i] += s[i];
	}
	erase(w, sizeof w);
	erase(s, sizeof s);
}

void sha256_compress(uint32_t state[8], const void *blocks, size_t bytes)
{
	(sha256_fast ? sha256_fast : plain_blocks)(state, blocks, bytes);
}

/* The digest of the before bytes that state has read and of n more bytes. Erases state. */
void sha256_finish(uint32_t state[8], uint64_t before, const unsigned char *data, size_t n, unsigned char digest[SHA256_BYTES])
{
	unsigned char last[2 * SHA256_BLOCK] = {0};
	size_t rest = n % SHA256_BLOCK, whole = n - rest;

	if (whole)
		sha256_compress(state, data, whole);
	if (rest)
		memcpy(last, data + whole, rest);
	last[rest] = 0x80;
	size_t size = rest < SHA256_BLOCK - LENGTH_BYTES ? SHA256_BLOCK : 2 * SHA256_BLOCK;
	uint64_t bits = htobe64((before + n) * 8);
	memcpy(last + size - sizeof bits, &bits, sizeof bits);
	sha256_compress(state, last, size);
	for (int i = 0; i < 8; i++) {
		uint32_t word = htobe32(state[i]);
		memcpy(digest + 4 * i, &word, sizeof word);
	}
	erase(last, sizeof last);
	erase(state, SHA256_BYTES);
}

void sha256_once(const void *data, size_t n, unsigned char digest[SHA256_BYTES])
{
	uint32_t state[8];
	memcpy(state, sha256_initial, sizeof state);
	sha256_finish(state, 0, data, n, digest);
}

