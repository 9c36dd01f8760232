#include "model.h"
#include "pure/text.c"

#define MOST 1024	/* bytes of a token that python/numbers.c makes: TOKEN_MOST */

static unsigned char src[TEXT_SOURCE(MOST)];
static char dst[TEXT_ROOM(MOST)];

/* Sizes that take the same steps are tried together, with the buffers that the smallest needs: a little less than it gets. */
#define SOURCE(n) LAST(src, TEXT_SOURCE(n) - 1)

/* text_hex hex_wide load store at_least: any bytes; all sizes from 0 to 1,024 */
void prove_hex(void)
{
	UNKNOWN(src);
	text_hex(NULL, NULL, 0);
	//@ loop unroll 300;
	for (size_t n = 1; n <= MOST; n += 4)
		text_hex(LAST(dst, TEXT_ROOM(n) - 2), SOURCE(n), n + (size_t)Frama_C_interval(0, 3));
}

/* text_urlsafe load store at_least: any bytes; all sizes from 0 to 1,024 */
void prove_urlsafe(void)
{
	UNKNOWN(src);
	text_urlsafe(NULL, NULL, 0);
	//@ loop unroll 300;
	for (size_t n = 1; n <= MOST; n += 6)
		text_urlsafe(LAST(dst, (n + 5) / 6 * 8), SOURCE(n), n + (size_t)Frama_C_interval(0, 5));
}
