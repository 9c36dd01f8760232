/* _front: what has to happen before a Go runtime may be entered, or costs too much through cgo.
 *
 * One concern a file:
 *   process.c  which process is this: the page that fork wipes, the fork handlers
 *   clones.c   has this machine been restored from a saved state
 *   pool.c     ready bytes, a page a thread
 *   kernel.c   the kernel's bytes, without the core
 *   gather.c   makes the kernel gather entropy for those who wait with a timeout
 *   gate.c     the one way into Go
 *   life.c     whether, when and how this process gets a core
 *   limits.c   what a start would need and may not get
 *   nthreads.c where glibc counts this process's threads
 *   keystream.c which of the core's AES kernels the processor has
 *   lock.h     a lock for a few instructions
 *   events.c   a program's own events, kept until there is a core
 *   draw.c     n bytes, from wherever they come
 *   hand.c     Fortuna driven by hand: states that Python objects hold
 *   compare.c  are two secrets equal, in a time that does not tell
 *   digest.c   compare_digest: its arguments and exceptions
 *   secret.c   memory for keys that Python objects hold
 *   hmac256.c  HMAC-SHA-256 without entering Go
 *   mac.c      HMACs, from hmac256.c or the core: the type Key
 *   openssl.c  OpenSSL's random numbers, from here
 *   bitgen.c   numbers for numpy, a buffer a generator
 *   bitlock.c  the lock of such a generator: the type BitGen
 *   uniform.c  numbers, orders and selections from random bytes, without bias
 *   text.c     bytes as hexadecimal and Base64 text
 *   numbers.c  the plain cases of secrets, SystemRandom and PyCrypto's random
 *   alone.h    what holding the GIL means where there is none
 *   swap.c     two items of a list change places
 *   uuid7.c    the bits of version 7 UUIDs
 *   uuid.c     uuid4 and uuid7
 *   module.c   the Python module: arguments and exceptions
 *
 * Only module.c, draw.c, hand.c, digest.c, mac.c, bitlock.c, numbers.c, swap.c and uuid.c know Python. What the other files
 * share is declared here.
 */
#ifndef GORANDOM_FRONT_H
#define GORANDOM_FRONT_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "guard/restore.h"

#define PAGE 4096

#pragma GCC visibility push(hidden)

/* ---- process.c ---- */

/* Zero in a forked child, by whatever road it was forked: the kernel wipes the page. */
struct process {
	uint64_t known;	/* its PID, if reached by an import or by the fork handlers, so that its locks are sound: not by a raw clone(2) */
	uint64_t stamp;	/* names this process, 0: nobody has asked. Read by process_stamp() */
	uint64_t core;	/* non-zero: a core that this very process has started is alive. Read by process_core() */
	uint64_t core_watched;	/* clones_now() before the core was last seeded */
	uint64_t direct;	/* bytes that this process has drawn in direct mode */
	const char *refused;	/* why this process gets no core */
	uint64_t gathers;	/* gather.c's thread */
};

extern struct process *process;	/* set at import */
extern int process_wipes;	/* fork wipes pages here; otherwise process_check() does it by generation and PID */
extern unsigned process_generation;	/* forks between the process that imported us and this one */

/* Whoever has seen a core sees all that its start has written, too. */
static inline uint64_t process_core(void) { return __atomic_load_n(&process->core, __ATOMIC_ACQUIRE); }

uint64_t process_make_stamp(void);

/* A number that this process alone has: its parent had another, and so will its children. Whoever sees it change in the
 * middle of something has been forked there. */
static inline uint64_t process_stamp(void)
{
	uint64_t stamp = __atomic_load_n(&process->stamp, __ATOMIC_RELAXED);
	return stamp ? stamp : process_make_stamp();
}

int process_init(void);	/* once. 0, or an errno, as all functions of this kind here */
int process_watch_forks(void);	/* once, when all that the handlers look at is there */
void process_check(void);	/* before and after each draw where !process_wipes: wipes by hand what a fork has left */
void *process_wiped_pages(size_t n);	/* n bytes of whole pages, wiped at fork and undumped; NULL: not to be had */
void *process_secret_pages(size_t n);	/* the same, locked if possible */
void process_lock_pages(void *, size_t n);	/* a child does not inherit the lock */

/* ---- pool.c ---- */

#define POOL_BYTES (PAGE - 32)	/* what one refill makes */

struct pool_page {
	uint64_t token;	/* epoch at which the bytes were made; 0 in a child */
	uint64_t process;	/* process_stamp() of the process that has locked the page into memory */
	uint64_t watched;	/* clones_now() before the bytes were made */
	uint32_t second;	/* of the system's clock, in which the bytes were made: in the next one they are stale */
	uint32_t at;	/* bytes[at..] are ready, what is before them has been erased */
	unsigned char bytes[POOL_BYTES];
};

struct pool {
	struct pool_page *page;
	int taken;	/* a draw of the owner is in the page: pool_take() */
	struct pool *next;	/* all pools of the process */
	uintptr_t owner;	/* the living thread whose pool it is, if used: thread_here() */
	int used;
	uint64_t process;	/* process_stamp() of the process in which the owner has taken it */
	int initial;	/* the owner is the process's initial thread */
	uint64_t bound;	/* the core (process->core) that the initial thread has entered already */
};

extern uint64_t pool_epoch;	/* pools with another token are stale */

int pool_init(void);

/* Names the calling thread as pthread_self() does, without a call. */
static inline uintptr_t thread_here(void)
{
#if defined __x86_64__
	uintptr_t here;
	__asm__("mov %%fs:0, %0" : "=r"(here));
	return here;
#else
	return (uintptr_t)pthread_self();
#endif
}

/* The pool of one thread, the first that drew, which in most programs draws most: its own way is shorter than through
 * the key. Pools are never unmapped, so whoever reads an old pointer reads another thread's owner. */
extern struct pool *pool_first;
struct pool *pool_find(void);

/* The calling thread's; NULL: none to be had. */
static inline struct pool *pool_get(void)
{
	struct pool *p = __atomic_load_n(&pool_first, __ATOMIC_ACQUIRE);
	return p && __atomic_load_n(&p->owner, __ATOMIC_RELAXED) == thread_here() ? p : pool_find();
}

/* A draw has the page for itself. 0: another draw of this thread has it already, and was interrupted by a signal handler
 * that draws as well: in this process or, if the handler forked, in its child. Whoever gets 0 draws past the pool.
 *
 * The mark stands in memory that a child inherits, unlike the page, so the child's interrupted draw finds the page as fork
 * has left it, empty. A test and a store suffice: a handler that comes between the two has ended when the store is made.
 * What was read of the page before the mark must be read again. */
static inline int pool_take(struct pool *pool)
{
	if (__atomic_load_n(&pool->taken, __ATOMIC_RELAXED))
		return 0;
	__atomic_store_n(&pool->taken, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return 1;
}

static inline void pool_leave(struct pool *pool)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&pool->taken, 0, __ATOMIC_RELAXED);
}

/* Fork handler: in use are only the calling thread's pool, and those of threads that an earlier handler has made in this
 * very child. stamp: this process's, 0 if nobody has asked for it yet. */
void pool_child(uint64_t stamp);
void pool_all_stale(void);

/* ---- kernel.c ---- */

/* 0, GORANDOM_NOT_READY, or an errno. Never waits. n bytes or none. */
int kernel_read(void *dst, size_t n);
void kernel_nap(int64_t ns);	/* sleeps until the kernel's generator may be ready; ns < 0: no limit. Ends early on a signal */
const char *kernel_name(void);	/* "getrandom" or "/dev/urandom": what served last */
int kernel_ready(void);	/* has served once, in this process or an ancestor */

/* ---- gather.c ---- */

void gather_start(void);	/* from now on the kernel gathers entropy by itself, if it can. Without the GIL */
unsigned gather_threads(void);	/* of this process: 0 or 1 */

/* ---- gate.c ---- */

struct visit {	/* of a thread in Go */
	int lane, cancel;
	uint64_t mask;
	struct pool *stays;	/* the thread keeps its M */
	int binds;	/* Go does not know this thread yet, and will give it a signal stack */
	stack_t stack;	/* the host's signal stack */
	char *error;	/* Go's, for the caller to free */
};

extern const struct gorandom_core *core;	/* NULL: the library cannot be had */
extern struct record *core_record;

void gate_init(int places);
void gate_child(void);
/* 0: the caller is inside and calls Go with visit->lane, then gate_leave(). -1: no live core, no place
 * within patience (ns), or no memory for another thread. Without the GIL where patience is not 0. */
int gate_enter(struct visit *, int64_t patience);
int gate_enter_aside(struct visit *);	/* the same for calls that are no draws, and need no lane. Waits some seconds at most */
const char *gate_closed(void);	/* why no thread enters now, though there may be a core; NULL: they do */
void gate_leave(struct visit *);
int gate_open(struct visit *, int is_held);	/* the same without place and core: for the start, which holds what Go will want */
void gate_close(struct visit *);
int gate_places(void);
unsigned gate_processors(void);	/* of Go: one for each place, the one aside too */

/* ---- life.c ---- */

enum start_mode { START_AUTO, START_EAGER, START_NEVER };
enum start_mode life_mode(void);
int life_set_mode(enum start_mode);	/* 0; -1: too late for START_NEVER. May wait some ms: without the GIL */

const char *life_init(const char *core_path);	/* loads the library, at import. NULL, or why the import must fail */
int life_wants(size_t n);	/* should a draw of n bytes start a core? */
int life_start(void);	/* 1: a core is alive. 0 if the mode is START_NEVER. Takes milliseconds: without the GIL */
int life_alive(void);
const char *life_reason(void);	/* why there is no core; NULL if there is */
void life_prepare(void), life_parent(void), life_child(void);
int life_forks(void);	/* is the calling thread in the middle of fork(), in somebody's fork handler? */

/* ---- events.c ---- */

#define EVENT_BYTES 32	/* at most, of one event: Cryptography Engineering 9.5.3 */

int events_init(void);
int events_add(int source, const void *data, size_t n);	/* 0, or an errno. Without the GIL */
void events_deliver(void);	/* inside the gate: what was kept goes to the core */
void events_child(void);	/* fork handler */

/* ---- draw.c ---- */

/* n bytes at dst, for the calling thread, which holds the GIL and gets it back. 0, or -1 with an
 * exception set and zeros where random bytes were. wait: what to do while the system's generator is not ready. */
int draw(unsigned char *dst, size_t n, int wait);

/* The same for callers that know no Python: any thread, with the GIL or without, also while the interpreter ends.
 * Never waits for the system's generator. 0; or GORANDOM_NOT_READY or an errno, with dst zeroed. */
int draw_bytes(unsigned char *dst, size_t n);

/* Waits until the system's generator is ready, seconds < 0: without limit. 0, or -1 with an exception set. */
int draw_wait(double seconds);

int draw_reseed(void);	/* 0, or -1 with an exception set */

/* ---- secret.c ---- */

#define SECRET_MOST 1024	/* bytes of a piece */

void *secret_take(size_t n);	/* n zero bytes; NULL: not to be had */
void secret_give(void *, size_t n);	/* erases what secret_take(n) gave */
void secret_child(void);	/* fork handler */

/* ---- hmac256.c ---- */

struct hmac256 { uint32_t inner[8], outer[8]; };	/* SHA-256's states after the key's two padded blocks */

extern sha256_blocks hmac256_blocks;	/* NULL: this processor or build has none, and no hmac256 function may be called */

#define SHA256_BYTES 32
void sha256_once(const void *, size_t, unsigned char digest[SHA256_BYTES]);	/* on any processor */

void hmac256_set(struct hmac256 *, const unsigned char *key, size_t n);
void hmac256_sum(const struct hmac256 *, const unsigned char *message, size_t n, unsigned char tag[32]);
void hmac256_once(const unsigned char *key, size_t size, const unsigned char *message, size_t n, unsigned char tag[32]);

/* ---- keystream.c ---- */

/* Of the kernel that every core of this process and of its children is to use; NULL: the core chooses. */
extern const char *keystream_name;

int keystream_choose(const char *name);	/* -1: no such kernel, or not on this processor. NULL: the core chooses */
void keystream_names(char *text, size_t n);	/* those that this processor has, quoted */
const char *keystream_each(size_t *at);	/* the next of those, slowest first, from *at == 0 on; NULL: no more */

/* ---- nthreads.c ---- */

unsigned *nthreads_find(void);	/* glibc's count of this process's threads; NULL: it is not to be found */

/* ---- limits.c ---- */

/* NULL, and the core's threads have been made; or what a start would not get. */
const char *limits_refuse(void);
int limits_threads(void);	/* are there threads for Go, or can they be had? */
int limits_room(void);	/* is there still room for one more thread in Go? */

#pragma GCC visibility pop

#endif
