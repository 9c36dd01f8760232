/* Bytes as text, eight characters a step, without tables: no address and no branch
 * depends on what is encoded. */
#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* How many characters n bytes give. */
#define TEXT_HEX(n) (2 * (n))
#define TEXT_URLSAFE(n) ((4 * (n) + 2) / 3)	/* Base64 of RFC 4648, section 5, without padding */

/* Only whole steps are made. So dst needs room for TEXT_ROOM(n) characters, and TEXT_STEP zeros follow src's n bytes. */
#define TEXT_STEP 8
#define TEXT_ROOM(n) (2 * (n) + TEXT_STEP)
#define TEXT_SOURCE(n) ((n) + TEXT_STEP)

void text_hex(char *dst, const unsigned char *src, size_t n);
void text_urlsafe(char *dst, const unsigned char *src, size_t n);

#pragma GCC visibility pop
