/* What the parts of pyext/core know of each other. The front sees only core.h. */
#ifndef GORANDOM_CORE_INTERNAL_H
#define GORANDOM_CORE_INTERNAL_H

#include <pthread.h>
#include <sys/types.h>

#include "core/core.h"

/* The C library's mmap. memory.c takes over its name. */
void *__real_mmap(void *, size_t, int, int, int, off_t);

#pragma GCC visibility push(hidden)

#define RECORD_SLEEPERS 64	/* threads that Go may ask for before it gets new ones directly */

#define STACK_SLACK ((size_t)128 << 10)	/* the C library's own part above Go's, and room for C below it */
#define STACK_FOR_GO (GORANDOM_STACK - STACK_SLACK)

#define PAGE_DOWN(x) ((uintptr_t)(x) & ~(uintptr_t)4095)
#define PAGE_UP(x) PAGE_DOWN((uintptr_t)(x) + 4095)

/* The clobbers of assembly that writes them all. */
#define XMM "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
	"xmm14", "xmm15"

struct span { uintptr_t lo, hi; };

struct sleeper {	/* a thread that waits for Go to ask for one: threads.c */
	struct record *record;
	pthread_t thread;
	int awake;	/* what futex(2) waits on. Set last */
	void *(*run)(void *);	/* Go's; NULL: the thread is to end */
	void *arg;
};

/* The record of what a started core leaves behind. It has a mapping of its own, and the front keeps the pointer to it,
 * because the library's own variables are wiped in a forked child. */
struct record {
	pthread_mutex_t lock;	/* of reserves and sleepers, and of a mapping until it is advised; held across fork */
	unsigned lost;	/* mappings that the kernel would not advise, and surplus keys: such a core is never reset */

	struct span reserve[2];	/* held for Go during a start: memory.c */
	struct span spare;	/* kept for when the system gives no more */

	int descriptor;	/* of /dev/urandom, kept by the core's kernel source; -1 */

	char *lo, *bss, *hi;	/* the library's writable pages: [lo, bss) from its file, [bss, hi) zero */
	char *copy;	/* of [lo, bss), as the loader left it */

	pthread_key_t key;	/* Go's only one; valid if there is a destructor */
	void (*destructor)(void *);

	unsigned int *nthreads;	/* glibc's count of threads */
	unsigned threads;	/* the core's, in this process */
	struct sleeper sleeper[RECORD_SLEEPERS];
	unsigned sleepers, called;	/* made; and taken by Go, the first ones first */
	int on_their_way;	/* made but not yet asleep, or called but not yet awake */
};

/* The record of the core that runs in this process. Set before Go runs; NULL in a child until its own start. */
extern struct record *record;

/* Keeps a mapping out of core dumps, and out of forked children or, with MADV_WIPEONFORK, empty there. 0 or -1. */
int advise_secret(void *, size_t, int fork_advice);

/* For a start: keeps memory that Go gets later, when the system gives no more. */
void keep_spare(struct record *);

/* Marks the calling thread as the core's. Go's part of its stack ends below frame. */
void heap_is_core_thread(char *frame);

/* The functions of the table: core.h says what they do. */
struct record *core_map(unsigned int *nthreads, const char **why);
int core_threads_make(struct record *, unsigned asleep);
unsigned core_threads_asleep(const struct record *);
void core_threads_end(struct record *);
void core_threads_wait(struct record *);
int core_reserve(struct record *, size_t address_space, size_t writable);
void core_release(struct record *);
void core_start(struct record *, unsigned char random[16], int processors);
int core_reset(struct record *);
void core_prepare(struct record *);
void core_parent(struct record *);
void core_child(struct record *);
void core_forget(struct record *);
void core_unbind(struct record *);
unsigned core_threads(const struct record *);
int core_take_panic(void);
const struct keystream *core_kernel(const char *name);
sha256_blocks core_sha256(void);

#pragma GCC visibility pop

#endif
