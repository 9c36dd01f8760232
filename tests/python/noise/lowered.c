/* Preloaded: another process lowers the limit of address space. It does so after the check of what is left, which
 * maps gigabytes for a moment, and before the memory that a start needs is held. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

size_t lowered_to;	/* bytes that are left then; 0: the limit stays */

int munmap(void *p, size_t n)
{
	int r = (int)syscall(SYS_munmap, p, n);
	if (lowered_to && n >= (size_t)4 << 30) {
		size_t pages;
		FILE *f = fopen("/proc/self/statm", "r");
		if (!f || fscanf(f, "%zu", &pages) != 1)
			abort();
		fclose(f);
		setrlimit(RLIMIT_AS, &(struct rlimit){pages * 4096 + lowered_to, RLIM_INFINITY});
	}
	return r;
}
