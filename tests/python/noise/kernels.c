/* Calls kernels of the core's library, which is only mapped. argv[1] is its path, and the other arguments name kernels.
 * Prints for each 100 blocks made at once, and the same blocks made one by one. */
#include <dlfcn.h>
#include <stdio.h>

#include "core/core.h"

#define BLOCKS 100

static void print(const unsigned char *p, size_t n)
{
	while (n--)
		printf("%02x", *p++);
	putchar('\n');
}

int main(int argc, char **argv)
{
	static const unsigned char key[AES_KEY] = {
		0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
		0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4,
	};	/* NIST SP 800-38A, F.5.5 */
	const uint64_t lo = 0xf7f6f5f4f3f2f1f0 - 50, hi = 0xfffefdfcfbfaf9f8;
	void *library = dlopen(argv[1], RTLD_NOW);
	const struct gorandom_core *core = library ? dlsym(library, "gorandom_core") : NULL;
	if (!core)
		return fprintf(stderr, "%s\n", dlerror()), 1;
	for (int i = 2; i < argc; i++) {
		unsigned char schedule[AES_SCHEDULE], row[BLOCKS][AES_BLOCK];
		const struct keystream *k = core->kernel(argv[i]);
		if (!k)
			return fprintf(stderr, "no kernel %s\n", argv[i]), 1;
		k->expand(schedule, key);
		k->fill(row, BLOCKS, schedule, lo, hi);
		print(row[0], sizeof row);
		for (int b = 0; b < BLOCKS; b++)
			k->fill(row[b], 1, schedule, lo + (uint64_t)b, hi);
		print(row[0], sizeof row);
	}
	return 0;
}
