/* HMAC-SHA-256 (RFC 2104), without entering Go. */
#pragma once

#include "pure/sha256.h"

#pragma GCC visibility push(hidden)

struct hmac256 { uint32_t inner[8], outer[8]; };	/* SHA-256's states after the key's two padded blocks */

void hmac256_set(struct hmac256 *, const unsigned char *key, size_t n);
void hmac256_sum(const struct hmac256 *, const unsigned char *message, size_t n, unsigned char tag[SHA256_BYTES]);
void hmac256_once(const unsigned char *key, size_t size, const unsigned char *message, size_t n, unsigned char tag[SHA256_BYTES]);

#pragma GCC visibility pop
