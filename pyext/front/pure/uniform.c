/* Uniform numbers, orders and selections from random bytes.
 *
 * Without bias: a number that is too large is dropped and drawn again, never folded. Each number is a draw of
 * its own. After a fork between two draws both processes have the earlier numbers, and each its own new ones. */
#define _GNU_SOURCE
#include <string.h>

#include "pure/erase.h"
#include "pure/uniform.h"

static unsigned bit_length(uint64_t n) { return n ? 64 - (unsigned)__builtin_clzll(n) : 0; }

int uniform_bits(const struct uniform *u, unsigned k, uint64_t *x)
{
	unsigned char bytes[8];
	uint64_t word;
	size_t n = (k + 7) / 8;
	*x = 0;
	if (k == 0)
		return 0;
	int r = u->draw(bytes + sizeof bytes - n, n, u->wait);
	if (r)
		return r;
	memset(bytes, 0, sizeof bytes - n);
	memcpy(&word, bytes, sizeof word);
	*(volatile uint64_t *)bytes = 0;	/* as erase() does, in one store */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	*x = word >> (8 * n - k);
	return 0;
}

int uniform_below(const struct uniform *u, uint64_t n, uint64_t *x)
{
	unsigned k = bit_length(n);
	int r;
	do
		r = uniform_bits(u, k, x);
	while (!r && *x >= n);
	return r;
}

int uniform_float(const struct uniform *u, double *x)
{
	uint64_t bits;
	int r = uniform_bits(u, 53, &bits);
	*x = (double)bits * 0x1p-53;
	return r;
}

/* CPython's choice between a pool of n indices and a set of k, by the sizes that its sets have. */
static int by_pool(size_t n, size_t k)
{
	size_t set = 21;
	if (k > 5) {
		size_t table = 4;
		while (table < 3 * k)
			table *= 4;
		set += table;
	}
	return n <= set;
}

/* A power of two, at least twice k: at least half of the table stays empty. */
static size_t table_size(size_t k)
{
	size_t size = 8;
	while (size < 2 * k)
		size *= 2;
	return size;
}

size_t uniform_room(size_t n, size_t k) { return by_pool(n, k) ? n : table_size(k); }

static int choose_from_pool(const struct uniform *u, size_t n, size_t k, uint32_t *chosen, uint32_t *pool)
{
	for (size_t i = 0; i < n; i++)
		pool[i] = (uint32_t)i;
	for (size_t i = 0; i < k; i++) {
		uint64_t at;
		int r = uniform_below(u, n - i, &at);
		if (r)
			return r;
		chosen[i] = pool[at];
		pool[at] = pool[n - i - 1];
	}
	return 0;
}

/* Puts index into the table. 0: it was there already. */
static int add(uint32_t *table, size_t size, uint32_t index)
{
	size_t at = (index * (size_t)2654435761) & (size - 1);
	for (; table[at]; at = (at + 1) & (size - 1))
		if (table[at] == index + 1)
			return 0;
	table[at] = index + 1;
	return 1;
}

static int choose_new_ones(const struct uniform *u, size_t n, size_t k, uint32_t *chosen, uint32_t *table)
{
	size_t size = table_size(k);
	memset(table, 0, size * sizeof *table);
	for (size_t i = 0; i < k; i++) {
		uint64_t at;
		do {
			int r = uniform_below(u, n, &at);
			if (r)
				return r;
		} while (!add(table, size, (uint32_t)at));
		chosen[i] = (uint32_t)at;
	}
	return 0;
}

int uniform_choose(const struct uniform *u, size_t n, size_t k, uint32_t *chosen, uint32_t *room)
{
	int r = by_pool(n, k) ? choose_from_pool(u, n, k, chosen, room) : choose_new_ones(u, n, k, chosen, room);
	erase(room, uniform_room(n, k) * sizeof *room);
	return r;
}
