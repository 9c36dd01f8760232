/* The front's floors below Python, over a system and a core that the test plays.
 *
 * The linker sends each of their calls of the C library to a function in world.c (--wrap). A scene can put a function of its
 * own in its place. So what is rare elsewhere, or a matter of luck, happens here each time. Each scene runs in a process of
 * its own. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "draw/draw.h"
#include "guard/clock.h"
#include "guard/fork.h"
#include "guard/lock.h"
#include "guard/process.h"
#include "guard/restore.h"
#include "guard/signals.h"
#include "guard/stamp.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "source/kernel.h"

/* The tables end with a scene that has no name. */
struct scene { const char *name; void (*play)(void); };
extern const struct scene of_guard[], of_source[], of_runtime[], of_draw[];

/* If x is false, the process ends with status 1, and so do its parents, which wait for it. */
#define CHECK(x) ((x) ? (void)0 : failed(__FILE__, __LINE__, #x))
void failed(const char *file, int line, const char *what);

/* ---- bytes ----
 *
 * The kernel and the core give words of 8 bytes. No word comes twice in all processes of a scene together. A word's last byte
 * names its origin. */
enum { KERNEL = 1, CORE, STREAM, UNKEYED };	/* UNKEYED: of a generator whose key is zero */
struct shared { uint64_t words, reads, most, taken[1 << 17]; };	/* reads of the kernel, and bytes of the largest */
extern struct shared *shared;
void give(void *dst, size_t n, int origin);
int once(const void *bytes, size_t n);	/* their origin. Checks that no word was seen here before, or is zero or UNKEYED */
int is_zero(const void *, size_t);

/* ---- the floors ---- */
void boot(void);	/* as python/module.c does */
int draw(void *dst, size_t n);	/* as python/bytes.c does: 0, or what draw_bytes() returns */
int token(void);	/* 16 bytes: once() of them */
int large(void);	/* 1 MiB of them, past the page */
struct thread *here(void);	/* the calling thread's record */
int page_has(const struct thread *, const void *word);	/* 8 bytes */

/* ---- the core ---- */
extern struct go {
	unsigned processors;	/* of the machine */
	int generic;	/* no kernel for C */
	int reserve_fails, threads_fail, reset_fails, seed_fails, fill_fails, reseed_fails, event_fails;	/* a number of times */
	unsigned asleep;	/* threads */
	int makes, ends, waits, reserves, releases, starts, resets, prepares, parents, children, forgets, unbinds;	/* calls of the table */
	int seeds, fills, events, reseeds, expands, held_expands;
	size_t most;	/* bytes of the largest fill */
	pid_t pid;	/* that has started it */
	int inside, crowd;	/* threads, and the most that were at once */
	unsigned char event[256][EVENT_BYTES];	/* the last ones */
	void (*on_start)(void), (*on_seed)(void), (*on_fill)(void), (*on_event)(void), (*on_stream)(void);
} go;

/* ---- the system: if one of these is set, it is called in the place of the function ---- */
extern time_t second;	/* what time() returns */
extern int (*on_madvise)(void *, size_t, int);
extern void *(*on_mmap)(void *, size_t, int, int, int, off_t);
extern int (*on_munmap)(void *, size_t);
extern int (*on_mlock)(const void *, size_t);
extern ssize_t (*on_getrandom)(void *, size_t, unsigned);
extern int (*on_open)(const char *, int);
extern int (*on_fstat)(int, struct stat *);
extern ssize_t (*on_read)(int, void *, size_t);
extern int (*on_poll)(struct pollfd *);
extern int (*on_sigmask)(int, const sigset_t *, sigset_t *);
extern int (*on_sigaction)(int, struct sigaction *);
extern int (*on_sigaltstack)(const stack_t *, stack_t *);
extern int (*on_nanosleep)(const struct timespec *, struct timespec *);
extern int (*on_thread)(pthread_t *, void *(*)(void *));
extern int (*on_setspecific)(void);
extern void (*on_copy)(void);	/* called once, before the next memcpy() that is a call */
extern void (*on_yield)(void);	/* then no thread really yields */
void no_waiting(void);	/* for on_yield: fails after some thousand turns, when a thread waits forever */
extern int tsc_forbidden;
extern int slow_ns;	/* that a time() takes */

void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_munmap(void *, size_t);
int __real_madvise(void *, size_t, int);
int __real_mlock(const void *, size_t);
long __real_syscall(long, ...);
int __real_open(const char *, int, ...);
int __real_pthread_sigmask(int, const sigset_t *, sigset_t *);
int __real_sigaction(int, const struct sigaction *, struct sigaction *);
int __real_sigaltstack(const stack_t *, stack_t *);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

uint64_t mask_here(void);	/* the signals that are blocked */
#define ALL_SIGNALS (~((uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1)))
static inline uint64_t signal_bit(int s) { return (uint64_t)1 << (s - 1); }

/* ---- other processes and threads ---- */
enum { BY_FORK, BY_CLONE };	/* clone(2): it bypasses all handlers */
int child(int how, pid_t *pid);	/* forks. Returns whether this is the child, whose time is bounded */
void wait_for(pid_t);	/* fails unless it ends with status 0 */
#define IN_CHILD(how, ...) do { pid_t pid_; if (child(how, &pid_)) { __VA_ARGS__; _exit(0); } wait_for(pid_); } while (0)

pthread_t begin(void *(*)(void *), void *);
void end(pthread_t);
void in_thread(void (*)(void));	/* runs it in one and waits for its end */

/* A place at which a thread waits until it may continue. */
struct stop { int come, go; };
void stop_here(struct stop *);
void wait_until(const int *);
