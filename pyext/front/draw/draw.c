#include <errno.h>
#include <string.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "guard/stamp.h"
#include "pure/erase.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "source/kernel.h"

#define POOL_DRAW 1024	/* bytes; larger draws pass the pool by */
#define CORE_CHUNK ((size_t)8 << 20)	/* bytes an entry: signals wait for its end, 3 ms */
#define KERNEL_CHUNK ((size_t)1 << 20)	/* the same for the kernel, which is slower */
#define PATIENCE 100000000	/* ns that a large draw waits for a place in the core, which is faster than the kernel by far */
#define COPIED (-100)	/* the draw has to begin anew: no answer of the core or of the kernel */
#define FIRST_REFILL 256	/* bytes; of a process in direct mode, and as much as it has drawn in the next ones */
#define POOL_BYTES (PAGE - 48)	/* what one refill makes */

/* Ready bytes: a thread's page. */
struct pool {
	struct stamp made;
	uint32_t at;	/* bytes[at..] are ready, what is before them has been erased */
	unsigned char bytes[POOL_BYTES] __attribute__((aligned(16)));
};

_Static_assert(sizeof(struct pool) == PAGE, "a pool is a page");

static uint64_t *direct;	/* bytes that this process has drawn in direct mode */

uint64_t draw_direct_bytes(void) { return __atomic_load_n(direct, __ATOMIC_RELAXED); }

int draw_init(void)
{
	direct = process_keep(sizeof *direct);
	return direct ? 0 : ENOMEM;
}

/* Bytes at dst, for a draw of whole bytes, from the core if there is one and it has a place, else from the kernel: *n
 * of them, or as many as one entry makes, which *n then says. 0, GORANDOM_NOT_READY, or an errno. */
static int make_bytes(void *dst, size_t *n, size_t whole, int64_t patience)
{
	struct visit v;
	if (core_alive() && gate_enter(&v, patience) == 0) {
		if (*n > CORE_CHUNK)
			*n = CORE_CHUNK;
		int r = core->fill(v.lane, dst, *n, whole);
		gate_leave(&v);
		if (r == 0)
			return 0;
		/* A core that cannot go on is no reason to fail while the kernel still answers. */
	}
	if (*n > KERNEL_CHUNK)
		*n = KERNEL_CHUNK;
	int r = kernel_read(dst, *n);
	if (r == 0)
		__atomic_add_fetch(direct, *n, __ATOMIC_RELAXED);
	return r;
}

/* Most children live for one token, and the kernel takes 10 us for a whole pool. */
static size_t refill_size(void)
{
	size_t n = FIRST_REFILL + draw_direct_bytes();
	return core_alive() || n > POOL_BYTES ? POOL_BYTES : n;
}

static int refill(struct pool *pool)
{
	size_t n = refill_size();
	struct stamp now = stamp_now();
	if (pool->made.process != now.process)
		pages_lock(pool, PAGE);
	pool->made = now;
	pool->made.epoch = 0;	/* until the bytes are there */
	pool->at = (uint32_t)(POOL_BYTES - n);
	int r = make_bytes(pool->bytes + pool->at, &n, n, 0);
	if (r == 0)
		pool->made.epoch = now.epoch;
	return r;
}

/* dst[0..n) from the pool, erased there. */
static inline void hand_out(struct pool *pool, unsigned char *dst, size_t n)
{
	unsigned char *from = pool->bytes + pool->at;
	if (n == 16) {	/* a token, a UUID, a nonce: two instructions instead of two calls */
		memcpy(dst, from, 16);
		memset(from, 0, 16);
	} else {
		memcpy(dst, from, n);
		memset(from, 0, n);
	}
	pool->at += (uint32_t)n;
}

static int from_pool(struct pool *pool, unsigned char *dst, size_t n)
{
	while (n) {
		if (!stamp_holds(&pool->made) || pool->at == POOL_BYTES) {
			int r = refill(pool);
			if (r)
				return r;
		}
		size_t k = POOL_BYTES - pool->at;
		if (k > n)
			k = n;
		hand_out(pool, dst, k);
		dst += k;
		n -= k;
	}
	return 0;
}

/* Straight into the caller's buffer, in as many entries as it takes. */
static int past_pool(unsigned char *dst, size_t n, int (*between)(void *), void *arg)
{
	const size_t whole = n;
	for (;;) {
		size_t k = n;
		int r = make_bytes(dst, &k, whole, between ? PATIENCE : 0);
		if (r || k == n)
			return r;
		dst += k;
		n -= k;
		if (between && between(arg))
			return DRAW_ENDED;
	}
}

/* COPIED: a signal handler that forked in the middle has left the child with bytes that the parent has too, or with zeros;
 * or the machine was restored in the middle. */
static int draw_once(unsigned char *dst, size_t n, int (*between)(void *), void *arg)
{
	struct stamp began = stamp_now();
	struct thread *t = n <= POOL_DRAW ? thread_get() : NULL;
	int r;

	if (t && thread_take(&t->taken)) {
		r = from_pool(t->page, dst, n);
	} else {
		t = NULL;
		r = past_pool(dst, n, between, arg);
	}
	fork_check();
	if (r != DRAW_ENDED && !stamp_is_here(&began))
		r = COPIED;
	if (t) {
		if (r)
			((struct pool *)t->page)->made.epoch = 0;	/* a refill that a fork interrupted has put it onto a wiped page */
		thread_leave(&t->taken);
	}
	if (r)
		memset(dst, 0, n);
	return r;
}

int draw_wants_core(size_t n) { return start_is_wanted(n, draw_direct_bytes()); }

int draw_start_core(void)
{
	int alive = start_core();
	if (alive)
		events_flush();
	return alive;
}

int draw_bytes(unsigned char *dst, size_t n, int (*between)(void *), void *arg)
{
	int r;
	do {
		fork_check();
		if (draw_wants_core(n))
			draw_start_core();
		r = draw_once(dst, n, between, arg);
	} while (r == COPIED);
	return r;
}

int draw_ready(unsigned char *dst, size_t n)
{
	struct thread *t = pages_wiped_at_fork && n <= POOL_DRAW ? thread_get() : NULL;
	if (!t || !thread_take(&t->taken))
		return 0;
	struct pool *pool = t->page;
	int ready = n <= POOL_BYTES - pool->at;
	if (ready) {
		hand_out(pool, dst, n);
		/* Last: was the machine restored, or has a handler forked meanwhile, which has wiped the page? */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		ready = stamp_holds(&pool->made);
	}
	thread_leave(&t->taken);
	return ready;
}

int draw_reseed(void)
{
	struct visit v;
	unsigned char byte;
	int r;

	if (gate_enter_aside(&v) == 0) {
		events_deliver();
		r = core->reseed();
		gate_leave(&v);
	} else {
		r = kernel_read(&byte, 1);	/* in direct mode every refill is the kernel's; is it there? */
		erase(&byte, 1);
		/* A core that cannot be entered now may be later: it gives nothing then before it is reseeded. */
		if (r == 0)
			stamp_put(&core_state->seeded, &(struct stamp){0});
	}
	stamp_all_stale();
	return r;
}
