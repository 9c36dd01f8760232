/* n bytes, from wherever they come: the thread's pool, the core, the kernel. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "pure/erase.h"
#include "front.h"

#define POOL_DRAW 1024	/* bytes; larger draws pass the pool by */
#define KEEP_GIL 8192	/* bytes that are made in less time than giving the GIL away and fetching it takes */
#define CORE_CHUNK ((size_t)8 << 20)	/* bytes an entry: signals wait for its end, 3 ms */
#define KERNEL_CHUNK ((size_t)1 << 20)	/* the same for the kernel, which is slower */
#define PATIENCE 100000000	/* ns that a large draw waits for a place in the core, which is faster than the kernel by far */
#define COPIED (-100)	/* the draw has to begin anew: no answer of the core or of the kernel */
#define FIRST_REFILL 256	/* bytes; of a process in direct mode, and as much as it has drawn in the next ones */

/* Bytes at dst, for a draw of whole bytes, from the core if there is one and it has a place, else from the kernel: *n
 * of them, or as many as one entry makes, which *n then says. 0, GORANDOM_NOT_READY, or an errno. */
static int make_bytes(void *dst, size_t *n, size_t whole, int64_t patience)
{
	struct visit v;
	if (process_core() && gate_enter(&v, patience) == 0) {
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
		__atomic_add_fetch(&process->direct, *n, __ATOMIC_RELAXED);
	return r;
}

/* Most children live for one token, and the kernel takes 10 us for a whole pool. */
static size_t refill_size(void)
{
	size_t n = FIRST_REFILL + __atomic_load_n(&process->direct, __ATOMIC_RELAXED);
	return process_core() || n > POOL_BYTES ? POOL_BYTES : n;
}

static int refill(struct pool_page *page)
{
	size_t n = refill_size();
	uint64_t token = __atomic_load_n(&pool_epoch, __ATOMIC_SEQ_CST);
	page->token = 0;
	if (page->process != process_stamp()) {
		page->process = process_stamp();
		process_lock_pages(page, PAGE);
	}
	page->second = (uint32_t)time(NULL);
	page->watched = clones_now();
	page->at = (uint32_t)(POOL_BYTES - n);
	int r = make_bytes(page->bytes + page->at, &n, n, 0);
	if (r)
		return r;
	page->token = token;
	return 0;
}

/* dst[0..n) from the pool, erased there. */
static inline void hand_out(struct pool_page *page, unsigned char *dst, size_t n)
{
	unsigned char *from = page->bytes + page->at;
	if (n == 16) {	/* a token, a UUID, a nonce: two instructions instead of two calls */
		memcpy(dst, from, 16);
		memset(from, 0, 16);
	} else {
		memcpy(dst, from, n);
		memset(from, 0, n);
	}
	page->at += (uint32_t)n;
}

/* Bytes of another second of the system's clock are stale: where nothing else tells, two machines restored from one
 * snapshot must not go on from one pool. time() costs a third of what a finer clock does. */
static inline int is_fresh(const struct pool_page *page)
{
	return page->token == __atomic_load_n(&pool_epoch, __ATOMIC_RELAXED) && (uint32_t)time(NULL) == page->second;
}

/* Is this still the machine that the bytes were made in? */
static inline int is_here(const struct pool_page *page) { return page->watched == clones_now(); }

static int from_pool(struct pool_page *page, unsigned char *dst, size_t n)
{
	while (n) {
		if (!is_fresh(page) || !is_here(page) || page->at == POOL_BYTES) {
			int r = refill(page);
			if (r)
				return r;
		}
		size_t k = POOL_BYTES - page->at;
		if (k > n)
			k = n;
		hand_out(page, dst, k);
		dst += k;
		n -= k;
	}
	return 0;
}

/* Straight into the caller's buffer, in as many entries as it takes. 0, GORANDOM_NOT_READY, an errno, or EINTR with an
 * exception set. */
static int past_pool(unsigned char *dst, size_t n)
{
	const size_t whole = n;
	int r = 0;
	if (n <= KEEP_GIL)
		return make_bytes(dst, &n, n, 0);
	while (n && !r) {
		size_t k = n;
		Py_BEGIN_ALLOW_THREADS
		r = make_bytes(dst, &k, whole, PATIENCE);
		Py_END_ALLOW_THREADS
		dst += k;
		n -= k;
		if (!r && n && PyErr_CheckSignals())
			r = EINTR;
	}
	return r;
}

/* The same for callers that may have the GIL or not: it is left as it is, and nothing is waited for. */
static int past_pool_quietly(unsigned char *dst, size_t n)
{
	const size_t whole = n;
	int r = 0;
	while (n && !r) {
		size_t k = n;
		r = make_bytes(dst, &k, whole, 0);
		dst += k;
		n -= k;
	}
	return r;
}

static int os_error(int error, const char *text)
{
	PyObject *args = Py_BuildValue("(is)", error, text);
	if (args) {
		PyErr_SetObject(PyExc_OSError, args);
		Py_DECREF(args);
	}
	return -1;
}

static int fail(int r)
{
	if (r == GORANDOM_NOT_READY) {
		PyErr_SetString(PyExc_BlockingIOError,
			"system random number generator is not ready; wait_for_system_rng() returns when it is");
		return -1;
	}
	/* EAGAIN and EINTR would make it a BlockingIOError or an InterruptedError, which it is not. */
	return os_error(r > 0 && r != EAGAIN && r != EINTR ? r : EIO, "the system's random number generator gives no bytes");
}

/* One draw of the calling thread. 0; or what past() answers, or COPIED, with dst zeroed. COPIED: a signal handler that
 * forked in the middle has left the child with bytes that the parent has too, or with zeros; or the machine was restored
 * in the middle. */
static int draw_once(unsigned char *dst, size_t n, int (*past)(unsigned char *, size_t))
{
	uint64_t stamp = process_stamp(), watched = clones_now();
	struct pool *pool = n <= POOL_DRAW ? pool_get() : NULL;
	int r;

	if (pool && pool_take(pool)) {
		r = from_pool(pool->page, dst, n);
	} else {
		pool = NULL;
		r = past(dst, n);
	}
	process_check();
	if (stamp != process_stamp() || watched != clones_now())
		r = COPIED;
	if (pool) {
		if (r)
			pool->page->token = 0;	/* a refill that a fork interrupted has put it onto a wiped page */
		pool_leave(pool);
	}
	if (r)
		memset(dst, 0, n);
	return r;
}

static int draw_slowly(unsigned char *dst, size_t n, int wait)
{
	for (;;) {
		process_check();
		if (life_wants(n)) {
			Py_BEGIN_ALLOW_THREADS
			life_start();
			Py_END_ALLOW_THREADS
		}
		int r = draw_once(dst, n, past_pool);
		if (r == 0)
			return 0;
		if (r == GORANDOM_NOT_READY && wait && draw_wait(-1) == 0)
			continue;
		if (r != COPIED || PyErr_Occurred())
			return PyErr_Occurred() ? -1 : fail(r);
	}
}

/* From what is ready. 1, or 0 if that does not suffice. */
static inline int draw_ready(unsigned char *dst, size_t n)
{
	struct pool *pool = process_wipes && n <= POOL_DRAW ? pool_get() : NULL;
	if (!pool || !pool_take(pool))
		return 0;
	struct pool_page *page = pool->page;
	int ready = n <= POOL_BYTES - page->at && is_fresh(page);
	if (ready) {
		hand_out(page, dst, n);
		/* Last: was the machine restored, or has a handler forked meanwhile, which has wiped the page? */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		ready = is_here(page) && __atomic_load_n(&page->token, __ATOMIC_RELAXED) != 0;
	}
	pool_leave(pool);
	return ready;
}

int draw(unsigned char *dst, size_t n, int wait) { return draw_ready(dst, n) ? 0 : draw_slowly(dst, n, wait); }

int draw_bytes(unsigned char *dst, size_t n)
{
	int r;
	if (draw_ready(dst, n))
		return 0;
	do {
		process_check();
		if (life_wants(n))
			life_start();
		r = draw_once(dst, n, past_pool_quietly);
	} while (r == COPIED);
	return r;
}

int draw_wait(double seconds)
{
	struct timespec t;
	unsigned char byte;

	clock_gettime(CLOCK_MONOTONIC, &t);
	double end = (double)t.tv_sec + (double)t.tv_nsec * 1e-9 + seconds;
	while (!kernel_ready()) {
		int r = kernel_read(&byte, 1);
		if (r == 0)
			break;
		if (r != GORANDOM_NOT_READY)
			return fail(r);
		clock_gettime(CLOCK_MONOTONIC, &t);
		double left = end - ((double)t.tv_sec + (double)t.tv_nsec * 1e-9);
		if (seconds >= 0 && left <= 0) {
			PyErr_SetString(PyExc_TimeoutError, "system random number generator is not ready yet");
			return -1;
		}
		if (PyErr_CheckSignals())
			return -1;
		Py_BEGIN_ALLOW_THREADS
		if (seconds >= 0)
			gather_start();
		kernel_nap(seconds < 0 ? -1 : left < 1 ? (int64_t)(left * 1e9) : 1000000000);
		Py_END_ALLOW_THREADS
		if (PyErr_CheckSignals())
			return -1;
	}
	erase(&byte, 1);
	return 0;
}

int draw_reseed(void)
{
	struct visit v;
	unsigned char byte;
	int r;

	if (draw_wait(-1))
		return -1;
	Py_BEGIN_ALLOW_THREADS
	if (gate_enter_aside(&v) == 0) {
		events_deliver();
		r = core->reseed();
		gate_leave(&v);
	} else {
		r = kernel_read(&byte, 1);	/* in direct mode every refill is the kernel's; is it there? */
		erase(&byte, 1);
		/* A core that cannot be entered now may be later: it gives nothing then before it is reseeded. */
		if (r == 0)
			__atomic_store_n(&process->core_watched, ~clones_now(), __ATOMIC_RELAXED);
	}
	pool_all_stale();
	Py_END_ALLOW_THREADS
	/* The core asks for itself; here the generator has been seen ready, so it is not that. */
	return r ? fail(r == GORANDOM_NOT_READY ? EIO : r) : 0;
}
