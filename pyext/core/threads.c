/* The core's threads, and what they mean to the process that hosts them.
 *
 * Go ends the process when it cannot get a thread. So its threads are made before the runtime starts, all at
 * once, while there is still a way back. They sleep until Go asks for one. Besides those that a start needs
 * there is one for each of Go's processors. Each entry refills this reserve, as limits may be lowered later. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined __x86_64__
#include <cpuid.h>
#endif

#include "core/internal.h"

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __real_pthread_sigmask(int, const sigset_t *, sigset_t *);
int __real_pthread_key_create(pthread_key_t *, void (*)(void *));

/* glibc and Go begin a thread with system calls whose refusal ends the process, and a program may confine itself as soon
 * as its draw returns. So a call leaves Go only when no thread is on its way: each that was made has begun, and each that
 * Go has called is awake. It polls instead of using a futex: a woken thread may take the processor from the thread that
 * wakes it, a few instructions before the latter's own system calls. The last nap is for those calls. */
void core_threads_wait(struct record *r)
{
	static const struct timespec nap = {0, 30000};
	if (!__atomic_load_n(&r->on_their_way, __ATOMIC_ACQUIRE))
		return;
	int n = 20000;	/* more than a second: do not wait for a thread that a debugger has stopped */
	while (n-- && __atomic_load_n(&r->on_their_way, __ATOMIC_ACQUIRE) > 0)
		nanosleep(&nap, NULL);
	nanosleep(&nap, NULL);
}

static void is_there(struct record *r) { __atomic_sub_fetch(&r->on_their_way, 1, __ATOMIC_RELEASE); }

/* In a thread Go first sets a signal stack and a mask, and it ends the process if it may not. A filter may allow reading
 * them but not changing them, so the thread's own are set again as a test. */
static int go_is_refused(void)
{
	stack_t stack;
	uint64_t mask;

	return sigaltstack(NULL, &stack) || sigaltstack(&stack, NULL)
		|| syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof mask)
		|| syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
}

static void *sleeper(void *arg)
{
	struct sleeper *s = arg;
	heap_is_core_thread(__builtin_frame_address(0));
	is_there(s->record);
	while (!__atomic_load_n(&s->awake, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &s->awake, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	if (!s->run)
		return NULL;
	int refused = go_is_refused();
	is_there(s->record);
	/* A process that has just been confined gets no more calls through the gate, so Go can do without this thread. */
	while (refused)
		syscall(SYS_futex, &s->awake, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	return s->run(s->arg);
}

static void wake(struct sleeper *s)
{
	__atomic_store_n(&s->awake, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &s->awake, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* In glibc since 2.35. 0 if glibc uses no restartable sequences. */
extern const unsigned int __rseq_size __attribute__((weak));

/* glibc ends the process if a new thread may not register its restartable sequence but the first one could, because a
 * filter (seccomp) came later. The kernel itself answers EINVAL to these arguments. */
static int rseq_is_refused(void)
{
#ifdef SYS_rseq
	return &__rseq_size && __rseq_size && syscall(SYS_rseq, NULL, 0, 0, 0) && errno != EINVAL;
#else
	return 0;
#endif
}

/* A new thread starts with its maker's registers. Those that it does not use would keep their contents for good, and show
 * them in each core dump: for example a key that memcpy() has just moved. To a caller they are all lost anyway. */
static void clear_registers(void)
{
#define LOW "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define HIGH "16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#if defined __x86_64__
	unsigned a, b, c, d, kept = 0;	/* registers that the kernel keeps: bits of XCR0 */
	if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE))
		__asm__("xgetbv" : "=a"(kept), "=d"(d) : "c"(0));
	if ((kept & 6) == 6)	/* AVX */
		__asm__ volatile("vzeroall" ::: XMM);
	else
		__asm__ volatile(".irp k," LOW "\n\tpxor %%xmm\\k, %%xmm\\k\n\t.endr" ::: XMM);
	if ((kept & 0xe0) == 0xe0)	/* AVX-512. No compiler uses these unasked */
		__asm__ volatile(".irp k," HIGH "\n\tvpxorq %zmm\\k, %zmm\\k, %zmm\\k\n\t.endr");
#elif defined __aarch64__
	__asm__ volatile(".irp k," LOW "," HIGH "\n\tmovi v\\k\\().16b, #0\n\t.endr" ::: "v0", "v1", "v2", "v3", "v4", "v5", "v6",
		"v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
		"v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
#endif
}

/* glibc ends a process when its last thread ends, and it counts the core's threads, which never end. So a
 * program whose main thread calls pthread_exit, or a child forked from another thread whose function then
 * returns, would live forever. Therefore the core's threads are taken out of the count as they are made.
 * The host's last thread may have ended in between: then this is the end of the process.
 *
 * A fork pays for each mapping: eight stacks of the usual size, each with a guard, made it a sixth more expensive. Small
 * ones without guards share one mapping. Go checks the stack's end in software, and our slack is below it. */
static int make(struct record *r, pthread_t *t, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	if (rseq_is_refused())
		return EPERM;
	/* glibc accepts these sizes. */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, GORANDOM_STACK);
	pthread_attr_setguardsize(&attr, 0);
	clear_registers();
	int error = __real_pthread_create(t, &attr, run, arg);
	pthread_attr_destroy(&attr);
	if (error)
		return error;
	__atomic_add_fetch(&r->threads, 1, __ATOMIC_RELAXED);
	if (__atomic_sub_fetch(r->nthreads, 1, __ATOMIC_ACQ_REL) == 0)
		exit(0);
	return 0;
}

int core_threads_make(struct record *r, unsigned asleep)
{
	int error = 0;
	pthread_mutex_lock(&r->lock);
	while (!error && core_threads_asleep(r) < asleep) {
		struct sleeper *s = &r->sleeper[r->sleepers];
		*s = (struct sleeper){.record = r};
		__atomic_add_fetch(&r->on_their_way, 1, __ATOMIC_RELAXED);
		error = make(r, &s->thread, sleeper, s);
		if (error)
			is_there(r);	/* it is not there, and nothing should wait for it */
		else
			r->sleepers++;
	}
	pthread_mutex_unlock(&r->lock);
	return error ? -1 : 0;
}

/* When no more sleepers can be made, Go gets new threads directly. */
unsigned core_threads_asleep(const struct record *r)
{
	unsigned made = __atomic_load_n(&r->sleepers, __ATOMIC_RELAXED);
	return made == RECORD_SLEEPERS ? UINT_MAX : made - __atomic_load_n(&r->called, __ATOMIC_RELAXED);
}

void core_threads_end(struct record *r)
{
	for (struct sleeper *s = r->sleeper; s < r->sleeper + r->sleepers; s++) {
		__atomic_add_fetch(r->nthreads, 1, __ATOMIC_ACQ_REL);	/* its end will be counted */
		wake(s);
		pthread_join(s->thread, NULL);
	}
	r->sleepers = r->threads = 0;
	core_release(r);
}

/* For Go, which asks for the default attributes and learns from them how large its stack will be. It detaches the
 * thread itself. */
int __wrap_pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *size)
{
	(void)attr;
	*size = STACK_FOR_GO;
	return 0;
}

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	int error = 0;
	(void)attr;
	pthread_mutex_lock(&record->lock);
	/* No thread enters Go before enough are asleep (front/runtime/limits.c), so there is one. The last resort is to make one
	 * here. This is a thread of the core's, for which the C library then maps 64 MiB. */
	if (record->called < record->sleepers) {
		struct sleeper *s = &record->sleeper[record->called++];
		s->run = run;
		s->arg = arg;
		*t = s->thread;
		__atomic_add_fetch(&record->on_their_way, 1, __ATOMIC_RELAXED);
		wake(s);
	} else {
		error = make(record, t, run, arg);
	}
	pthread_mutex_unlock(&record->lock);
	return error;
}

/* Go blocks all signals around pthread_create. SIGSYS stays open there too (front/guard/signals.h): this thread may not be the
 * one that draws, and may still be here when that one is confined. */
int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t blocked = *set;
	if (old)
		sigdelset(&blocked, SIGSYS);
	return __real_pthread_sigmask(how, &blocked, old);
}

/* Go's key holds a thread's M. A thread that ended in a child with the key set would spin forever in
 * the dead runtime, and a reset core makes a key of its own. */
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int error = __real_pthread_key_create(key, destructor);
	if (error)
		return error;
	if (record->destructor)
		record->lost++;
	record->key = *key;
	record->destructor = destructor;
	return 0;
}
