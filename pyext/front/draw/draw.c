#include <string.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "guard/signals.h"
#include "guard/stamp.h"
#include "pure/erase.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "source/kernel.h"

#define POOL_DRAW 512	/* bytes; up to here from the pool, */
#define GENERATOR_DRAW ((size_t)256 << 10)	/* up to here from the thread's generator; larger draws enter Go, which stores past the caches */
#define HELD_DRAW ((size_t)16 << 10)	/* larger ones hold signals */
#define GENERATOR_BYTES ((uint32_t)1 << 20)	/* that a key of the core's is good for: Fortuna's largest request */
#define CORE_CHUNK ((size_t)8 << 20)	/* bytes an entry: signals wait for its end, 3 ms */
#define KERNEL_CHUNK ((size_t)1 << 20)	/* the same for the kernel, which is slower */
#define PATIENCE 100000000	/* ns that a large draw waits for a place in the core, which is faster than the kernel by far */
#define COPIED (-100)	/* the draw has to begin anew: no answer of the core or of the kernel */
#define LONG_DRAW ((size_t)64 << 10)	/* bytes that take a generator 5 us */
#define LONG_DRAW_SLOWLY 8192	/* the same for the core and the kernel, 3 and 20 us */
#define FIRST_REFILL 256	/* bytes; of a process in direct mode, and as much as it has drawn in the next ones */
#define POOL_BYTES (PAGE - 320)	/* what one refill makes */

/* A thread's page: its generator, and the pool of ready bytes that this makes. */
struct pool {
	struct stamp made;	/* of the generator's key, or of the kernel's bytes in the pool */
	uint32_t at;	/* bytes[at..] are ready, what is before them has been erased */
	uint32_t left;	/* bytes that the generator may make before it gets another key. 0: it has none */
	unsigned char next[AES_KEY];	/* zero but in the middle of a request */
	unsigned char schedule[AES_SCHEDULE];	/* of the generator's key */
	unsigned char bytes[POOL_BYTES] __attribute__((aligned(AES_BLOCK)));
};

_Static_assert(sizeof(struct pool) == PAGE, "a pool is a page");

uint64_t draw_direct_bytes(void) { return __atomic_load_n(&core_state->direct, __ATOMIC_RELAXED); }

/* ---- from the core, and from the kernel ---- */

/* Bytes at dst, for a draw of whole bytes, by one entry into the core: *n of them, or as many as it makes, which *n then says.
 * -1: there is no core, it has no place within patience (ns), or it cannot go on. */
static int core_bytes(void *dst, size_t *n, size_t whole, int64_t patience)
{
	struct visit v;
	if (!core_alive() || gate_enter(&v, patience))
		return -1;
	if (*n > CORE_CHUNK)
		*n = CORE_CHUNK;
	int r = core->fill(v.lane, dst, *n, whole);
	gate_leave(&v);
	return r ? -1 : 0;
}

/* The same from the kernel. 0, GORANDOM_NOT_READY, or an errno. */
static int kernel_bytes(void *dst, size_t *n)
{
	if (*n > KERNEL_CHUNK)
		*n = KERNEL_CHUNK;
	int r = kernel_read(dst, *n);
	if (r == 0)
		__atomic_add_fetch(&core_state->direct, *n, __ATOMIC_RELAXED);
	return r;
}

/* ---- the thread's generator ----
 *
 * Fast key erasure, as Linux has it for each processor (drivers/char/random.c, crng_fast_key_erasure; D. J. Bernstein,
 * "Fast-key-erasure random-number generators", 2017): what a key makes begins with the output of a request and ends with the
 * next key, which takes its place at once. Fortuna's generator does the same (Cryptography Engineering 9.4.4). The first key
 * is 32 bytes from the core. So most draws enter no Go: a thread does that once a second, after each reseed, and for
 * each GENERATOR_BYTES. */

/* Makes n bytes at dst, whole blocks. 0; or COPIED in a child that finds the page wiped. */
static int request(struct pool *p, void *dst, size_t n)
{
	const struct keystream *k = core_keystream();
	if (!k)
		return COPIED;
	k->fill(dst, n / AES_BLOCK, p->schedule, 0, 0);
	k->fill(p->next, AES_KEY / AES_BLOCK, p->schedule, n / AES_BLOCK, 0);
	k->expand(p->schedule, p->next);
	erase(p->next, AES_KEY);
	p->left -= (uint32_t)n;
	return 0;
}

/* The stamp of what comes next into the page, which a child has to lock anew. */
static struct stamp begin(struct pool *p)
{
	struct stamp now = stamp_now();
	if (p->made.process != now.process)
		pages_lock(p, PAGE);
	p->made.process = now.process;
	return now;
}

/* Drops what the page has. */
static void drop(struct pool *p, const struct stamp *now)
{
	memset(p->bytes + p->at, 0, POOL_BYTES - p->at);
	p->at = POOL_BYTES;
	p->left = 0;
	p->made = *now;
}

/* A signal that comes meanwhile leaves the vector registers, and round keys in them, in a frame on the stack, which nobody
 * erases. Holding signals takes two system calls, more than a draw of some KiB: what has HELD_DRAW bytes or less, and is no
 * pool, goes without. */
static int request_held(struct pool *p, void *dst, size_t n)
{
	struct held held;
	int error = hold_signals(&held);
	int r = request(p, dst, n);
	if (!error)
		release_signals(&held);
	return r;
}

/* Gets a key from the core. -1: none is to be had, and nothing has been dropped. */
static int renew(struct pool *p)
{
	struct stamp now = begin(p);
	const struct keystream *k = core_keystream();
	size_t n = AES_KEY;

	struct held held;
	if (!k || core_bytes(p->next, &n, n, 0))
		return -1;
	drop(p, &now);
	int error = hold_signals(&held);
	k->expand(p->schedule, p->next);
	if (!error)
		release_signals(&held);
	erase(p->next, AES_KEY);
	p->left = GENERATOR_BYTES;
	return 0;
}

static int generator_has(struct pool *p, size_t n) { return (stamp_holds(&p->made) && p->left >= n) || renew(p) == 0; }

/* ---- its pool ---- */

/* Most forked children draw one token and exit, and the kernel takes 10 us for a whole pool. */
static int refill_from_kernel(struct pool *p)
{
	struct stamp now = begin(p);
	size_t n = FIRST_REFILL + draw_direct_bytes();
	if (n > POOL_BYTES)
		n = POOL_BYTES;
	drop(p, &now);
	uint32_t at = (uint32_t)(POOL_BYTES - n);
	int r = kernel_bytes(p->bytes + at, &n);
	if (r == 0)
		p->at = at;
	return r;
}

static int refill(struct pool *p)
{
	if (!generator_has(p, POOL_BYTES))
		return refill_from_kernel(p);
	int r = request_held(p, p->bytes, POOL_BYTES);
	if (r == 0)
		p->at = 0;
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

/* ---- draws ---- */

/* Straight into the caller's buffer, in as many parts as it takes. */
static int past_page(unsigned char *dst, size_t n, int (*between)(void *), void *arg)
{
	const size_t whole = n;
	for (;;) {
		size_t k = n;
		int r = core_bytes(dst, &k, whole, between ? PATIENCE : 0) ? kernel_bytes(dst, &k) : 0;
		if (r || k == n)
			return r;
		dst += k;
		n -= k;
		if (between && between(arg))
			return DRAW_ENDED;
	}
}

/* Of the page, which the caller has taken. */
static int from_page(struct pool *p, unsigned char *dst, size_t n)
{
	if (n <= POOL_DRAW)
		return from_pool(p, dst, n);
	size_t whole = n - n % AES_BLOCK;
	if (!generator_has(p, whole))
		return past_page(dst, n, NULL, NULL);
	int r = whole > HELD_DRAW ? request_held(p, dst, whole) : request(p, dst, whole);
	return r ? r : from_pool(p, dst + whole, n - whole);
}

/* COPIED: a signal handler that forked in the middle has left the child with bytes that the parent has too, or with zeros;
 * or the machine was restored in the middle. */
static int draw_once(unsigned char *dst, size_t n, int (*between)(void *), void *arg)
{
	struct stamp began = stamp_now();
	struct thread *t = n <= GENERATOR_DRAW ? thread_get() : NULL;
	int r;

	if (t && thread_take(&t->taken)) {
		r = from_page(t->page, dst, n);
	} else {
		t = NULL;
		r = past_page(dst, n, between, arg);
	}
	fork_check();
	if (r != DRAW_ENDED && !stamp_is_here(&began))
		r = COPIED;
	if (t) {
		if (r)
			((struct pool *)t->page)->made.epoch = 0;	/* what a fork has interrupted has put keys and bytes onto a wiped page */
		thread_leave(&t->taken);
	}
	if (r)
		memset(dst, 0, n);
	return r;
}

int draw_is_long(size_t n) { return n > (core_keystream() ? LONG_DRAW : LONG_DRAW_SLOWLY) || start_is_wanted(n); }

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
		if (start_is_wanted(n))
			draw_start_core();
		r = draw_once(dst, n, between, arg);
	} while (r == COPIED);
	return r;
}

int draw_ready(unsigned char *dst, size_t n)
{
	struct thread *t = n <= POOL_DRAW ? thread_get() : NULL;
	if (!t || !thread_take(&t->taken))
		return 0;
	struct pool *pool = t->page;
	int ready = n <= POOL_BYTES - pool->at;
	if (ready) {
		hand_out(pool, dst, n);
		/* Last: was the machine restored, or has a handler forked meanwhile, which has the page wiped? */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		ready = stamp_holds(&pool->made) && !fork_check();
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
		/* A core that cannot be entered now may be later: it gives nothing then before it is reseeded. Counted, because another
		 * thread may be inside at the end of an earlier reseed. */
		if (r == 0)
			__atomic_add_fetch(&core_state->missed, 1, __ATOMIC_SEQ_CST);
	}
	stamp_all_stale();
	return r;
}
