#include "model.h"
#include "pure/sha256.c"

#define MOST 200

static unsigned char data[MOST], blocks[3 * SHA256_BLOCK], digest[SHA256_BYTES];
static uint32_t state[8];

/* Stands for Go's assembly, which no analysis of C can follow: what it needs, and what it does. */
/*@ requires \valid(s + (0 .. 7));
    requires bytes % 64 == 0;
    requires bytes == 0 || \valid_read((const unsigned char *)p + (0 .. bytes - 1));
    requires bytes == 0 || \initialized((const unsigned char *)p + (0 .. bytes - 1));
    assigns s[0 .. 7] \from s[0 .. 7], ((const unsigned char *)p)[0 .. bytes - 1]; */
static void assembly(uint32_t s[8], const void *p, size_t bytes);

/* plain_blocks rotate sha256_compress erase: any state and blocks; 0 to 255 bytes, of which the whole blocks count */
void prove_plain_blocks(void)
{
	UNKNOWN(blocks);
	UNKNOWN(state);
	sha256_fast = NULL;
	for (size_t n = 0; n <= sizeof blocks; n += SHA256_BLOCK)
		sha256_compress(LAST(state, 8), LAST(blocks, n), n + (size_t)Frama_C_interval(0, SHA256_BLOCK - 1));
	sha256_fast = assembly;
	sha256_compress(LAST(state, 8), LAST(blocks, sizeof blocks), sizeof blocks);
}

/* sha256_finish sha256_compress erase: any state and bytes, any number before them; each size from 0 to 200 */
void prove_finish(void)
{
	UNKNOWN(data);
	sha256_fast = assembly;
	for (size_t n = 0; n <= MOST; n++) {
		UNKNOWN(state);
		sha256_finish(LAST(state, 8), Frama_C_unsigned_long_interval(0, ULONG_MAX), LAST(data, n), n, LAST(digest, SHA256_BYTES));
	}
}

/* sha256_once sha256_finish: any bytes; each size from 0 to 200, and no buffer for none */
void prove_once(void)
{
	UNKNOWN(data);
	sha256_fast = assembly;
	sha256_once(NULL, 0, LAST(digest, SHA256_BYTES));
	for (size_t n = 0; n <= MOST; n++)
		sha256_once(LAST(data, n), n, LAST(digest, SHA256_BYTES));
}
