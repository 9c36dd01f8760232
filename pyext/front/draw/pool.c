/* A pool of ready bytes for each thread: no lock is shared on the way of a small draw. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "front.h"
#include "guard/signals.h"

_Static_assert(sizeof(struct pool_page) == PAGE, "a pool is a page");

uint64_t pool_epoch = 1;	/* never 0, which is what a wiped page says */

/* The thread's pool. A pthread key and not a __thread variable, because the loader makes the latter at a
 * thread's first use and takes its lock for that: in a forked child that lock may be held for ever. */
static pthread_key_t key;

/* Every pool that was ever made; those of ended threads are used again. The list only grows. */
static struct pool *all;
static int list_lock;

/* Bounded: the holder may not exist in this process (a raw clone). */
static int lock_list(void)
{
	for (int i = 0; i < 1000; i++) {
		if (!__atomic_exchange_n(&list_lock, 1, __ATOMIC_ACQUIRE))
			return 1;
		sched_yield();
	}
	return 0;
}

static void unlock_list(void) { __atomic_store_n(&list_lock, 0, __ATOMIC_RELEASE); }

struct pool *pool_first;

static void own(struct pool *p)
{
	__atomic_store_n(&p->owner, thread_here(), __ATOMIC_RELAXED);
	if (!__atomic_load_n(&pool_first, __ATOMIC_RELAXED))
		__atomic_store_n(&pool_first, p, __ATOMIC_RELEASE);
}

static void disown(struct pool *p)
{
	if (p == __atomic_load_n(&pool_first, __ATOMIC_RELAXED))
		__atomic_store_n(&pool_first, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&p->owner, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->used, 0, __ATOMIC_RELEASE);
}

/* The value of the key in a thread that is ending. The C library calls destructors again, some rounds long, as long as
 * any key has a value. This one stays, because a destructor of the program's that draws in the last round would get a
 * page that nobody gives back. */
static struct pool ended;

static void thread_ends(void *value)
{
	struct pool *p = value;
	sigset_t old;
	pthread_setspecific(key, &ended);
	if (p == &ended)
		return;
	hold_signals(&old);	/* a handler that drew would have its bytes erased in a page that says that they are ready */
	memset(p->page, 0, PAGE);
	/* A main thread that drew before a raw clone and ends here by pthread_exit: its Go key is set, and Go's
	 * destructor would spin in a runtime that is not this process's. Ours comes first: its key is older. */
	if (core && !process_core())
		core->forget(core_record);
	disown(p);
	release_signals(&old);
}

static struct pool *reuse(void)
{
	struct pool *p = NULL;
	if (!lock_list())
		return NULL;
	for (p = all; p && __atomic_load_n(&p->used, __ATOMIC_ACQUIRE); p = p->next)
		;
	if (p) {
		p->used = 1;
		p->process = process_stamp();
		p->taken = 0;	/* by a thread that a fork has ended in the middle of a draw */
	}
	unlock_list();
	return p;
}

/* Descriptors are cut from pages and not malloc'd: in a raw clone malloc's locks may be held for ever. */
static struct pool *cut(void)
{
	static struct pool *left, *end;
	if (left == end) {
		void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return NULL;
		left = page;
		end = left + PAGE / sizeof *left;
	}
	return left++;
}

static struct pool *make(void)
{
	struct pool_page *page = process_secret_pages(PAGE);
	if (!page)
		return NULL;
	struct pool *p = NULL;
	if (lock_list()) {
		p = cut();
		if (p) {
			*p = (struct pool){.page = page, .next = all, .used = 1, .process = process_stamp()};
			all = p;
		}
		unlock_list();
	}
	if (!p)
		munmap(page, PAGE);
	return p;
}

/* A thread's first. Signals are held, because a handler that forked in the middle would leave the child with a pool that
 * belongs to nobody, or to two. */
static struct pool *get_first(void)
{
	struct pool *p = reuse();
	if (!p)
		p = make();
	if (!p)
		return NULL;
	p->initial = process_generation == 0 && syscall(SYS_gettid) == getpid();
	if (pthread_setspecific(key, p)) {
		disown(p);
		return NULL;
	}
	own(p);
	return p;
}

struct pool *pool_find(void)
{
	struct pool *p = pthread_getspecific(key);
	if (!p) {
		sigset_t old;
		hold_signals(&old);
		p = pthread_getspecific(key);	/* a handler may have drawn in between */
		if (!p)
			p = get_first();
		release_signals(&old);
	}
	return p == &ended ? NULL : p;
}

void pool_all_stale(void) { __atomic_add_fetch(&pool_epoch, 1, __ATOMIC_SEQ_CST); }

void pool_child(uint64_t stamp)
{
	struct pool *mine = pthread_getspecific(key);
	if (mine == &ended)	/* forked by a destructor */
		mine = NULL;
	unlock_list();
	pool_all_stale();
	pool_first = mine;
	for (struct pool *p = all; p; p = p->next) {
		if (p != mine && p->process != stamp) {
			p->used = 0;
			p->owner = 0;
		}
		if (!process_wipes)
			memset(p->page, 0, PAGE);
	}
}

int pool_init(void) { return pthread_key_create(&key, thread_ends); }
