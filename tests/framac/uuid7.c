#include "model.h"
#include "pure/uuid7.c"

static struct uuid7 last[1];
static unsigned char drawn[UUID7_BYTES], uuid[16];

/* uuid7_next begin load: any bytes; times of the clock from 0 to 2**62 ms, of the one before from -1 to 2**62 */
void prove_next(void)
{
	UNKNOWN(drawn);
	last[0].time = Frama_C_long_interval(-1, 1L << 62);
	last[0].rand_a = Frama_C_unsigned_long_interval(0, (1 << 12) - 1);
	last[0].rand_b = Frama_C_unsigned_long_interval(0, (1UL << 62) - 1);
	uuid7_next(LAST(last, 1), Frama_C_long_interval(0, 1L << 62), LAST(drawn, UUID7_BYTES));
	//@ assert last[0].rand_a < 1 << 12 && last[0].rand_b < 1UL << 62;
}

/* uuid7_put put: any that prove_next makes */
void prove_put(void)
{
	UNKNOWN(last);
	uuid7_put(LAST(last, 1), LAST(uuid, 16));
}
