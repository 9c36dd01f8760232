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
#define HELD_DRAW ((size_t)16 << 10)	/* larger requests hold signals */
#define GENERATOR_BYTES ((uint32_t)1 << 20)	/* that one key from the core may make: Fortuna's largest request */
#define CORE_CHUNK ((size_t)8 << 20)	/* bytes per entry: signals wait until it ends, for 3 ms */
#define KERNEL_CHUNK ((size_t)1 << 20)	/* the same for the kernel, which is slower */
#define PATIENCE 100000000	/* ns that a large draw waits for a place in the core, which is far faster than the kernel */
#define COPIED (-100)	/* the draw must start again. Neither the core nor the kernel answers this */
#define LONG_DRAW ((size_t)64 << 10)	/* bytes that take a generator 5 us */
#define LONG_DRAW_SLOWLY 8192	/* the same for the core and the kernel, 3 and 20 us */
#define FIRST_REFILL 256	/* bytes, in direct mode; later refills add as much as the process has drawn */
#define POOL_BYTES (PAGE - 320)	/* what one refill makes */

/* A thread's page: its generator, and the pool of ready bytes that the generator makes. */
struct pool {
	struct stamp made;	/* of the generator's key, or of the kernel's bytes in the pool */
	uint32_t at;	/* bytes[at..] are ready, what is before them has been erased */
	uint32_t left;	/* bytes that the generator may make before it needs another key. 0: it has none */
	unsigned char next[AES_KEY];	/* zero except during a request */
	unsigned char schedule[AES_SCHEDULE];	/* of the generator's key */
	unsigned char bytes[POOL_BYTES] __attribute__((aligned(AES_BLOCK)));
};

_Static_assert(sizeof(struct pool) == PAGE, "a pool is a page");

uint64_t draw_direct_bytes(void) { return __atomic_load_n(&core_state->direct, __ATOMIC_RELAXED); }

/* ---- from the core, and from the kernel ---- */

/* Makes *n bytes at dst by one entry into the core, as a part of a draw of whole bytes. If an entry cannot make so many, *n
 * becomes the number made. -1: there is no core, it has no place within patience (ns), or it fails. */
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
 * "Fast-key-erasure random-number generators", 2017). A key's keystream begins with the output of one request and ends with
 * the next key, which replaces it at once. Fortuna's generator does the same (Cryptography Engineering 9.4.4). The first key
 * is 32 bytes from the core. So most draws do not enter Go. A thread enters it once a second, after each reseed, and for
 * each GENERATOR_BYTES. */

/* Makes n bytes at dst, whole blocks. 0; or COPIED in a child, where fork has wiped the core's state. */
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

/* Returns the stamp of what is next put into the page. A child has to lock the page again. */
static struct stamp begin(struct pool *p)
{
	struct stamp now = stamp_now();
	if (p->made.process != now.process)
		pages_lock(p, PAGE);
	p->made.process = now.process;
	return now;
}

/* Drops what the page holds. */
static void drop(struct pool *p, const struct stamp *now)
{
	memset(p->bytes + p->at, 0, POOL_BYTES - p->at);
	p->at = POOL_BYTES;
	p->left = 0;
	p->made = *now;
}

/* A signal that arrives meanwhile leaves the vector registers, with round keys in them, in a stack frame that nothing
 * erases. Holding signals takes two system calls, which cost more than a draw of a few KiB. So a request of at most
 * HELD_DRAW bytes does not hold them, unless it fills the pool. */
static int request_held(struct pool *p, void *dst, size_t n)
{
	struct held held;
	int error = hold_signals(&held);
	int r = request(p, dst, n);
	if (!error)
		release_signals(&held);
	return r;
}

/* Gets a key from the core. -1: it got none, and nothing has been dropped. */
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

/* Copies n bytes from the pool to dst, and erases them in the pool. */
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

/* From the page, which the caller has taken. */
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

/* COPIED: a signal handler forked in the middle, which left the child with bytes that the parent has too, or with zeros; or
 * the machine was restored in the middle. */
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
			((struct pool *)t->page)->made.epoch = 0;	/* an interrupted draw has put keys and bytes onto a wiped page */
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
		/* Checked last: has the machine been restored, or has a handler forked, which wipes the page? */
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
		r = kernel_read(&byte, 1);	/* in direct mode every refill is the kernel's; does it answer? */
		erase(&byte, 1);
		/* A core that cannot be entered now may be entered later, and must then give nothing before a reseed. This is a count,
		 * because another thread may be inside, at the end of an earlier reseed. */
		if (r == 0)
			__atomic_add_fetch(&core_state->missed, 1, __ATOMIC_SEQ_CST);
	}
	stamp_all_stale();
	return r;
}
