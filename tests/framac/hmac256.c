#include "model.h"
#include "pure/hmac256.c"

#define MOST 200

static unsigned char key[MOST], message[MOST], tag[SHA256_BYTES];
static struct hmac256 made[1];

/* sha256.c has proofs of its own. This is what it needs from its callers, and what it does. */
const uint32_t sha256_initial[8];

/*@ requires \valid(state + (0 .. 7)) && \initialized(state + (0 .. 7));
    requires bytes % 64 == 0;
    requires bytes == 0 || \valid_read((const unsigned char *)blocks + (0 .. bytes - 1));
    requires bytes == 0 || \initialized((const unsigned char *)blocks + (0 .. bytes - 1));
    assigns state[0 .. 7] \from state[0 .. 7], ((const unsigned char *)blocks)[0 .. bytes - 1]; */
void sha256_compress(uint32_t state[8], const void *blocks, size_t bytes);

/*@ requires \valid(state + (0 .. 7)) && \initialized(state + (0 .. 7));
    requires n == 0 || \valid_read(data + (0 .. n - 1));
    requires n == 0 || \initialized(data + (0 .. n - 1));
    requires \valid(digest + (0 .. 31));
    assigns digest[0 .. 31] \from state[0 .. 7], data[0 .. n - 1], before;
    assigns state[0 .. 7] \from \nothing;
    ensures \initialized(digest + (0 .. 31)); */
void sha256_finish(uint32_t state[8], uint64_t before, const unsigned char *data, size_t n, unsigned char digest[SHA256_BYTES]);

/*@ requires n == 0 || \valid_read((const unsigned char *)data + (0 .. n - 1));
    requires n == 0 || \initialized((const unsigned char *)data + (0 .. n - 1));
    requires \valid(digest + (0 .. 31));
    assigns digest[0 .. 31] \from ((const unsigned char *)data)[0 .. n - 1];
    ensures \initialized(digest + (0 .. 31)); */
void sha256_once(const void *data, size_t n, unsigned char digest[SHA256_BYTES]);

/* hmac256_set erase: any bytes; each size of the key from 0 to 200, and no buffer for none */
void prove_set(void)
{
	UNKNOWN(key);
	hmac256_set(LAST(made, 1), NULL, 0);
	for (size_t n = 0; n <= MOST; n++)
		hmac256_set(LAST(made, 1), LAST(key, n), n);
}

/* hmac256_sum: any prepared key and message; each size of the message from 0 to 200 */
void prove_sum(void)
{
	UNKNOWN(made);
	UNKNOWN(message);
	for (size_t n = 0; n <= MOST; n++)
		hmac256_sum(LAST(made, 1), LAST(message, n), n, LAST(tag, SHA256_BYTES));
}

/* hmac256_once hmac256_set hmac256_sum erase: any bytes; each size of the key from 0 to 70, with 0, 1 and 200 bytes of message */
void prove_once(void)
{
	UNKNOWN(key);
	UNKNOWN(message);
	for (size_t n = 0; n <= 70; n++) {
		hmac256_once(LAST(key, n), n, NULL, 0, LAST(tag, SHA256_BYTES));
		hmac256_once(LAST(key, n), n, LAST(message, 1), 1, LAST(tag, SHA256_BYTES));
		hmac256_once(LAST(key, n), n, LAST(message, MOST), MOST, LAST(tag, SHA256_BYTES));
	}
}
