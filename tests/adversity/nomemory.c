/* To be preloaded: malloc, calloc and realloc fail when they are told to. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);

static int armed;	/* of this process; all threads */
static long at, until, count;

void nomemory_arm(long first, long last) { count = 0; at = first; until = last; __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST); }

/* How many calls there were since it was armed. */
long nomemory_disarm(void)
{
	__atomic_store_n(&armed, 0, __ATOMIC_SEQ_CST);
	return count;
}

static int fails(void)
{
	if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST))
		return 0;
	long n = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
	if (n < at || n > until)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n) { return fails() ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return fails() ? NULL : __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return fails() ? NULL : __libc_realloc(p, n); }
