#include "model.h"
#include "pure/uniform.c"

#define CHOSEN 65536	/* of a selection that python/numbers.c makes: SAMPLE_MOST */

static uint32_t chosen[CHOSEN], room[2 * CHOSEN];
static double fraction[1];
static uint64_t number[1];

/* Gives any bytes, or an error and no bytes. */
static int draw(unsigned char *dst, size_t n, int wait)
{
	int error = Frama_C_interval(0, INT_MAX);
	if (error)
		return error;
	//@ assert n > 0;
	Frama_C_make_unknown((char *)dst, n);
	return 0;
}

static const struct uniform from = {draw, 0};

/* uniform_bits: k from 0 to 64 */
void prove_bits(void)
{
	//@ loop unroll 65;
	for (unsigned k = 0; k <= 64; k++)
		uniform_bits(&from, k, LAST(number, 1));
}

/* uniform_below bit_length uniform_bits: n from 1 to 2**64 - 1 */
void prove_below(void)
{
	bit_length(0);
	//@ loop unroll 64;
	for (int k = 0; k < 64; k++) {	/* all n of k + 1 bits at once */
		uint64_t least = (uint64_t)1 << k, most = least + (least - 1);
		int r = uniform_below(&from, Frama_C_unsigned_long_interval(least, most), LAST(number, 1));
		//@ assert r != 0 || number[0] < most;
	}
}

/* uniform_float uniform_bits: all */
void prove_float(void)
{
	uniform_float(&from, LAST(fraction, 1));
}

static void choose_from_all(size_t n, size_t k)
{
	uniform_choose(&from, n, k, LAST(chosen, k), LAST(room, uniform_room(n, k)));
}

/* uniform_choose uniform_room by_pool choose_from_pool uniform_below: each n from 0 to 24 with each k to n; n of 84 to 86 with k of 6 and n */
void prove_choose_from_pool(void)
{
	uniform_choose(&from, 0, 0, chosen, room);
	//@ loop unroll 25;
	for (size_t n = 1; n <= 24; n++)
		//@ loop unroll 25;
		for (size_t k = 0; k <= n; k++)
			choose_from_all(n, k);
	//@ loop unroll 3;
	for (size_t n = 84; n <= 86; n++) {	/* the last one with k of 6 takes a set */
		choose_from_all(n, 6);
		choose_from_all(n, n);
	}
}

/* uniform_choose uniform_room by_pool table_size choose_new_ones add erase: k from 0 to 65,536, each n that takes a set to 2**31 (of k whose tables have one size: that takes one with the largest) */
void prove_choose_new_ones(void)
{
	//@ loop unroll 20;
	for (size_t most = 1; most <= CHOSEN; most *= 2) {	/* all k whose table has the same size at once */
		size_t set = 21, k = most == 1 ? (size_t)Frama_C_interval(0, 1) : (size_t)Frama_C_interval(most / 2 + 1, most);
		//@ loop unroll 20;
		for (size_t table = 4; most > 4 && table < 4 * 3 * most; table *= 4)
			set = 21 + table;
		//@ loop unroll 40;
		for (size_t least = 16; least <= UNIFORM_MOST; least *= 2) {	/* all n of so many bits at once */
			size_t low = least > set ? least : set + 1, high = least == UNIFORM_MOST ? least : 2 * least - 1;
			if (low <= high) {
				size_t n = Frama_C_unsigned_long_interval(low, high);
				uniform_choose(&from, n, k, LAST(chosen, most), LAST(room, table_size(most)));
			}
		}
	}
}
