#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_BLOCK 64	/* bytes */

/* The compression of whole blocks (FIPS 180-4, 6.2.2). */
typedef void (*sha256_blocks)(uint32_t state[8], const void *blocks, size_t bytes);

#pragma GCC visibility push(hidden)

/* The compression by this processor's instructions for it. NULL: plain C is used, which is several times slower. */
extern sha256_blocks sha256_fast;

void sha256_once(const void *, size_t, unsigned char digest[SHA256_BYTES]);

extern const uint32_t sha256_initial[8];
void sha256_compress(uint32_t state[8], const void *blocks, size_t bytes);

/* The digest of the before bytes that state has read and of n more bytes. Erases state. */
void sha256_finish(uint32_t state[8], uint64_t before, const unsigned char *, size_t n, unsigned char digest[SHA256_BYTES]);

#pragma GCC visibility pop
