/* core/memory.c: what happens to Go's mappings, what is held for Go, and what it gets when the system gives no more. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int advise(void *, size_t, int), unmap(void *, size_t), lock_memory(const void *, size_t);
#define madvise advise
#define munmap unmap
#define mlock lock_memory
#define mmap __wrap_mmap	/* as by --wrap in the library */
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
#include "core/memory.c"

static size_t left;	/* bytes that the system gives, if limited */
static int limited, unmaps, refused, locks_fail, undumped, unforked;

void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (limited && n > left) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	left -= limited ? n : 0;
	return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

static int unmap(void *at, size_t n)
{
	unmaps++;
	left += limited ? n : 0;
	return (int)syscall(SYS_munmap, at, n);
}

static int advise(void *p, size_t n, int advice)
{
	if (advice == refused)
		return -1;
	undumped += advice == MADV_DONTDUMP;
	unforked += advice == MADV_DONTFORK;
	return (int)syscall(SYS_madvise, p, n, advice);
}

static int lock_memory(const void *p, size_t n)
{
	(void)p, (void)n;
	return locks_fail ? -1 : 0;
}

static struct record r = {.lock = PTHREAD_MUTEX_INITIALIZER, .descriptor = -1};

enum { CHUNK = 256 << 10 };

static void reserves(void)
{
	limited = 1;
	left = CHUNK;
	CHECK(core_reserve(&r, 4 * CHUNK, CHUNK) == -1);	/* half of it */
	core_release(&r);
	CHECK(left == CHUNK && unmaps == 1);
	left = 5 * CHUNK;
	CHECK(core_reserve(&r, 4 * CHUNK, CHUNK) == 0 && left == 0);
	/* For a mapping that the system refuses, just as much of both parts is given up. */
	char *p = mmap(NULL, CHUNK / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED && left == CHUNK / 2);
	CHECK(r.reserve[0].hi - r.reserve[0].lo == CHUNK / 2 && r.reserve[1].hi - r.reserve[1].lo == 4 * CHUNK - CHUNK / 2);
	p = mmap(NULL, 3 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED && r.reserve[0].hi == r.reserve[0].lo);
	core_release(&r);
	CHECK(r.reserve[1].hi == r.reserve[1].lo && !give_up(&r, 1));
	errno = 0;
	CHECK(mmap(NULL, 64 * CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
	limited = 0;
}

static void mappings(void)
{
	undumped = unforked = 0;
	char *p = mmap(NULL, CHUNK + 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED && undumped == 1 && unforked == 1 && r.lost == 0);
	/* A mapping over a piece of it starts without the advice. */
	CHECK(mmap(p + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p + 4096);
	CHECK(undumped == 2 && unforked == 2 && r.lost == 0);
	/* A mapping that could not be advised may be in a dump or in a child. Such a core is never reset. */
	refused = MADV_DONTFORK;
	CHECK(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED && r.lost == 1);
	refused = MADV_DONTDUMP;
	CHECK(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED && r.lost == 2);
}

static void secrets(void)
{
	int locked = 5;
	refused = 0;
	CHECK(!gorandom_secret_pages(4096, &locked));	/* something is lost */
	r.lost = 0;
	CHECK(gorandom_secret_pages(4096, &locked) && locked == 1);
	locks_fail = 1;
	CHECK(gorandom_secret_pages(4096, &locked) && locked == 0);
	refused = MADV_DONTFORK;
	CHECK(!gorandom_secret_pages(4096, &locked));
	refused = 0;
	limited = 1;
	left = 0;
	CHECK(!gorandom_secret_pages(4096, &locked));
	keep_spare(&r);
	CHECK(r.spare.lo == 0 && r.spare.hi == 0);
	limited = 0;
	keep_spare(&r);
	CHECK(r.spare.hi - r.spare.lo == SPARE);
	limited = 1;
	left = 0;
	uintptr_t spare = r.spare.lo;
	CHECK(mmap(NULL, 100, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK(mmap(NULL, SPARE + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK((uintptr_t)mmap(NULL, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == spare);
	CHECK((uintptr_t)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == spare + 4096);	/* whole pages */
}

int main(void)
{
	record = &r;
	reserves();
	mappings();
	secrets();
	return 0;
}
