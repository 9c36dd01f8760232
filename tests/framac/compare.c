#include "model.h"
#include "pure/compare.c"

static unsigned char a[24], b[24];

/* compare_equal load opaque: any bytes; each pair of sizes from 0 to 24 */
void prove_compare(void)
{
	UNKNOWN(a);
	UNKNOWN(b);
	for (size_t na = 0; na <= sizeof a; na++)
		for (size_t nb = 0; nb <= sizeof b; nb++)
			compare_equal(LAST(a, na), na, LAST(b, nb), nb);
}
