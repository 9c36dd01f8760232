/* make coverage: gcov's counters of a library, in a file that all its processes share. So nothing has to be written at a
 * process's end: children of every kind of fork are counted, also those that end by _exit or SIGKILL. (gcov has a counter for
 * some branches only, and subtracts to have the others: a process that ends in the middle of a function shifts those by one.)
 *
 * The linker puts the counters on pages of their own (COUNTERS in covered.py), among those that begin with zeros. The core
 * has its pages wiped at fork, which cannot be had for a file: here these are left out. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <gcov.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC visibility push(hidden)
extern uint64_t counters_start[], counters_end[];
extern const struct gcov_info *__start_gcov_infos[], *__stop_gcov_infos[];
#pragma GCC visibility pop

#define BYTES ((size_t)((char *)counters_end - (char *)counters_start))

/* By system calls: the core has the C library's mmap for its own. */
static void *map(void *at, int flags, int fd)
{
	return (void *)syscall(SYS_mmap, at, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);
}

static void share(void)
{
	int fd = open(COUNTERS, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;	/* another root: these processes are not counted */
	uint64_t *file = map(NULL, 0, fd);	/* the file is large enough (covered.py) */
	if (file != MAP_FAILED) {
		for (size_t i = 0; i < BYTES / sizeof *file; i++)
			if (counters_start[i])
				__atomic_add_fetch(&file[i], counters_start[i], __ATOMIC_RELAXED);
		syscall(SYS_munmap, file, BYTES);
		map(counters_start, MAP_FIXED, fd);
	}
	close(fd);
}

static void name(const char *path, void *file) { *(FILE **)file = fopen(path, "w"); }
static void *room(unsigned n, void *file) { (void)file; return calloc(1, n); }

static void write_to(const void *p, unsigned n, void *file)
{
	if (*(FILE **)file)
		fwrite(p, 1, n, *(FILE **)file);
}

/* For gcov, when all processes have ended. */
static void dump(void)
{
	for (const struct gcov_info **info = __start_gcov_infos; info < __stop_gcov_infos; info++) {
		FILE *file = NULL;
		__gcov_info_to_gcda(*info, name, write_to, room, &file);
		if (file)
			fclose(file);
	}
}

__attribute__((constructor)) static void loaded(void)
{
	share();
	if (getenv("COUNTERS_DUMP"))
		dump();
}

#ifdef CORE
int __real_madvise(void *, size_t, int);

int __wrap_madvise(void *p, size_t n, int advice)
{
	char *start = (char *)counters_start, *from = (char *)counters_end, *to = (char *)p + n;
	if (advice != MADV_WIPEONFORK || start < (char *)p || to < from)
		return __real_madvise(p, n, advice);
	return __real_madvise(p, (size_t)(start - (char *)p), advice) || (from < to && __real_madvise(from, (size_t)(to - from), advice)) ? -1 : 0;
}
#endif
