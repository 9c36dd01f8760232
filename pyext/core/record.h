/* The record of what a started core leaves behind. It lives in a mapping of its own and the front
 * keeps the pointer to it, because the library's own variables are wiped in a forked child. */
#ifndef GORANDOM_RECORD_H
#define GORANDOM_RECORD_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RECORD_SPANS 1024	/* a running core has some 30 mappings */
#define RECORD_KEYS 8	/* Go creates one pthread key */
#define RECORD_SLEEPERS 64	/* threads that Go may ask for before it gets new ones directly */

struct span { uintptr_t lo, hi; };

struct sleeper {	/* a thread that waits for Go to ask for one: threads.c */
	struct record *record;
	pthread_t thread;
	int state;
	void *(*run)(void *);
	void *arg;
};

struct record {
	pthread_mutex_t lock;	/* spans and sleepers; held across fork */
	unsigned n;	/* 0 in a child: fork leaves them out */
	unsigned lost;	/* mappings that found no room, or that the kernel would not advise: such a core is never reset */
	struct span span[RECORD_SPANS];

	struct span reserve[2];	/* held for Go during a start: record.c */
	struct span spare;	/* kept for when the system gives no more */

	int descriptor;	/* of /dev/urandom, kept by the core's kernel source; -1 */

	char *lo, *bss, *hi;	/* the library's writable pages: [lo, bss) from its file, [bss, hi) zero */
	char *copy;	/* of [lo, bss), as the loader left it */

	pthread_key_t key[RECORD_KEYS];
	void (*destructor[RECORD_KEYS])(void *);
	unsigned keys;

	unsigned int *nthreads;	/* glibc's count of threads */
	unsigned threads;	/* the core's, in this process */
	struct sleeper sleeper[RECORD_SLEEPERS];
	unsigned sleepers, called;	/* made; and taken by Go, the first ones first */
	int on_their_way;	/* made but not yet asleep, or called but not yet awake */
};

/* The record of the core that runs in this process; NULL in a child until reset(). */
extern struct record *record __attribute__((visibility("hidden")));

/* mmap and munmap of the C library, behind the names that record.c takes over. */
void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_munmap(void *, size_t);

const char *core_reserve(struct record *, size_t address_space, size_t writable);
void core_release(struct record *);

/* For a start: what Go gets later, when the system gives no more. */
void keep_spare(struct record *) __attribute__((visibility("hidden")));

/* Gives up n bytes of each part of what core_reserve() holds; record->lock is held. Was there something? */
int give_up_locked(struct record *, size_t n) __attribute__((visibility("hidden")));

/* Closes the descriptor on record, if it still is that device. */
void close_descriptor(struct record *) __attribute__((visibility("hidden")));

/* Keeps a mapping out of core dumps, and out of forked children or, with MADV_WIPEONFORK, empty there. 0 or -1. */
int advise_secret(void *, size_t, int fork_advice);

#define PAGE_UP(x) (((uintptr_t)(x) + 4095) & ~(uintptr_t)4095)

#endif
