/* Every mapping that Go makes goes through the C library's mmap (runtime/cgo calls it). --wrap=mmap sends those calls here,
 * to keep the mappings out of core dumps and forked children. A reset finds none of them, so none is recorded. (Wiping them
 * instead would cost more: a fork would copy about twenty more mappings, and the child would undo them.) */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "core/internal.h"

#define SPARE ((size_t)1 << 20)	/* bytes; Go asks for 256 KiB at a time */

struct record *record;

int advise_secret(void *p, size_t n, int fork_advice)
{
	return madvise(p, n, MADV_DONTDUMP) || madvise(p, n, fork_advice) ? -1 : 0;
}

/* Go ends the process when it gets no memory. Between the check of the limits and Go's mappings other threads may take
 * what was free (glibc maps 128 MiB for a thread's first malloc). So it is held. When a mapping of Go's fails, just as much
 * is given up and the mapping is tried again. */
int core_reserve(struct record *r, size_t address_space, size_t writable)
{
	const size_t size[2] = {writable, address_space};	/* what is writable counts as address space, too */
	const int prot[2] = {PROT_READ | PROT_WRITE, PROT_NONE};

	for (int i = 0; i < 2; i++) {
		void *p = __real_mmap(NULL, size[i], prot[i], MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			return -1;
		r->reserve[i] = (struct span){(uintptr_t)p, (uintptr_t)p + size[i]};
	}
	return 0;
}

/* Gives up n bytes of each part, with the lock held. 0: there was nothing left. */
static int give_up(struct record *r, size_t n)
{
	int some = 0;
	for (int i = 0; i < 2; i++) {
		struct span *s = &r->reserve[i];
		size_t left = s->hi - s->lo, part = n < left ? PAGE_UP(n) : left;
		if (part) {
			s->hi -= part;
			munmap((void *)s->hi, part);
			some = 1;
		}
	}
	return some;
}

void core_release(struct record *r)
{
	pthread_mutex_lock(&r->lock);
	give_up(r, SIZE_MAX);
	pthread_mutex_unlock(&r->lock);
}

void keep_spare(struct record *r)
{
	void *p = mmap(NULL, SPARE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p != MAP_FAILED)
		r->spare = (struct span){(uintptr_t)p, (uintptr_t)p + SPARE};
}

/* Go's threads may want memory at any time, above all shortly after a start, and a limit or a filter may have come by then.
 * What Go has reserved and now wants to use is already there, untouched. The rest comes from the spare. Go uses MAP_FIXED
 * only over its own mappings; the kernel would have obeyed over anything. Where nothing is mapped mprotect fails, too. */
static void *without_the_system(void *at, size_t n, int prot, int flags)
{
	struct span *s = &record->spare;

	n = PAGE_UP(n);
	if (flags & MAP_FIXED)
		return mprotect(at, n, prot) == 0 ? at : MAP_FAILED;
	if (prot != (PROT_READ | PROT_WRITE) || s->hi - s->lo < n)
		return MAP_FAILED;
	s->lo += n;
	return (void *)(s->lo - n);
}

void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	void *p;
	pthread_mutex_lock(&record->lock);
	do
		p = __real_mmap(at, n, prot, flags, fd, offset);
	while (p == MAP_FAILED && give_up(record, n));
	int error = errno;
	if (p == MAP_FAILED)
		p = without_the_system(at, n, prot, flags);	/* advised already */
	else if (advise_secret(p, n, MADV_DONTFORK))
		record->lost++;
	pthread_mutex_unlock(&record->lock);
	errno = error;
	return p;
}

/* For exports.go: memory for the RNG's secrets. A mapping made by Go's own system calls would be in core dumps
 * and in each child. NULL: no memory, or a mapping could not be kept out of them. */
void *gorandom_secret_pages(size_t n, int *locked)
{
	void *p = __wrap_mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || record->lost)
		return NULL;
	*locked = mlock(p, n) == 0;	/* best effort: RLIMIT_MEMLOCK may be small */
	return p;
}
