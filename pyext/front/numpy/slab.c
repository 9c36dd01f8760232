/* The list of slabs and the marks of their free buffers lie in memory that a child inherits, because it inherits the users of
 * the buffers. No lock guards them. Each change is one atomic store, so any child finds them intact, however and whenever it
 * was forked. At worst, a buffer that another thread was taking or giving back at the fork stays unused in the child. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "numpy/slab.h"
#include "pure/erase.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24	/* Linux 5.18 */
#endif
#define MADV_BOGUS 12345	/* no kernel knows it: guard/process.c */

#define BUFFERS 64
#define SLAB (BUFFERS * BUFFER)
#define LINE 64	/* bytes between two shared numbers, so that processors do not contend for a cache line */

struct slab {
	struct slab *older;
	unsigned char *buffers;
	unsigned char *shared;	/* the buffers' shared numbers, or NULL */
	uint64_t free;	/* a bit for each buffer */
	uint64_t locked_in;	/* the process that has tried to lock it */
	int is_locked;
};

static const struct base *base;
static struct slab *newest;	/* the list only grows */

static void *map_shared(void)
{
	void *page = mmap(NULL, BUFFERS * LINE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? NULL : page;
}

static struct slab *slab_new(void)
{
	struct slab *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->buffers = base->pages_new(SLAB, PAGES_WIPED);
	s->shared = s->buffers && !base->pages_wiped_at_fork ? map_shared() : NULL;
	if (!s->buffers || !s->shared == !base->pages_wiped_at_fork) {
		if (s->buffers)
			munmap(s->buffers, SLAB);
		free(s);
		return NULL;
	}
	/* A buffer that gives one number should cost one page, and not one of 2 MiB. */
	madvise(s->buffers, SLAB, MADV_NOHUGEPAGE);
	s->free = ~(uint64_t)0;
	return s;
}

static void push(struct slab *s)
{
	s->older = __atomic_load_n(&newest, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&newest, &s->older, s, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* 0: all are in use. */
static int take_from(struct slab *s, struct buffer *to)
{
	uint64_t free = __atomic_load_n(&s->free, __ATOMIC_RELAXED);
	while (free)
		if (__atomic_compare_exchange_n(&s->free, &free, free & (free - 1), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			int i = __builtin_ctzll(free);
			*to = (struct buffer){s, s->buffers + i * BUFFER, s->shared ? (uint64_t *)(void *)(s->shared + i * LINE) : NULL};
			return 1;
		}
	return 0;
}

int buffer_take(struct buffer *to)
{
	for (struct slab *s = __atomic_load_n(&newest, __ATOMIC_ACQUIRE); s; s = s->older)
		if (take_from(s, to))
			return 0;
	struct slab *s = slab_new();
	if (!s)
		return ENOMEM;
	take_from(s, to);
	push(s);
	return 0;
}

void buffer_give(const struct buffer *b, size_t used)
{
	struct slab *s = b->slab;
	erase(b->bytes + BUFFER - used, used);
	/* Pages of 64 KiB hold other users' buffers, too. Then, and where the kernel does not free locked pages, the memory
	 * stays for the next user. */
	if (BUFFER % (size_t)sysconf(_SC_PAGESIZE) == 0 && madvise(b->bytes, BUFFER, MADV_DONTNEED_LOCKED))
		(void)madvise(b->bytes, BUFFER, MADV_DONTNEED);
	__atomic_or_fetch(&s->free, (uint64_t)1 << ((size_t)(b->bytes - s->buffers) / BUFFER), __ATOMIC_RELEASE);
}

/* Locks all of a slab at once, because a lock of a part costs one more mapping. Where RLIMIT_MEMLOCK is too small for that, it
 * locks only parts of the first slab. */
void buffer_lock(const struct buffer *b, uint64_t process, size_t used)
{
	struct slab *s = b->slab;
	if (__atomic_load_n(&s->locked_in, __ATOMIC_ACQUIRE) != process) {
		__atomic_store_n(&s->is_locked, syscall(SYS_mlock2, s->buffers, SLAB, MLOCK_ONFAULT) == 0, __ATOMIC_RELAXED);
		__atomic_store_n(&s->locked_in, process, __ATOMIC_RELEASE);
	}
	if (!__atomic_load_n(&s->is_locked, __ATOMIC_RELAXED) && !s->older)
		base->pages_lock(b->bytes + BUFFER - used, used);
}

/* Where the kernel wipes nothing, this does. It also makes new shared numbers, so that parent and child stop using up each
 * other's bytes. (They would not repeat any.) */
static void wipe(void)
{
	for (struct slab *s = __atomic_load_n(&newest, __ATOMIC_ACQUIRE); s && s->shared; s = s->older) {
		/* Some emulators accept any advice, and do nothing. */
		if (madvise(s->buffers, SLAB, MADV_BOGUS) == 0 || madvise(s->buffers, SLAB, MADV_DONTNEED))
			memset(s->buffers, 0, SLAB);
		void *new = map_shared();
		if (new && mremap(new, BUFFERS * LINE, BUFFERS * LINE, MREMAP_MAYMOVE | MREMAP_FIXED, s->shared) == MAP_FAILED)
			munmap(new, BUFFERS * LINE);
	}
}

static void register_once(void)
{
	static struct fork_hook hook = {.place = FORK_NUMBERS, .wipe = wipe};
	base->fork_register(&hook);
}

int slab_init(const struct base *found)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;	/* interpreters with GILs of their own */
	__atomic_store_n(&base, found, __ATOMIC_RELAXED);	/* the same in every interpreter */
	return pthread_once(&once, register_once);
}
