/* core/threads.c, with a C library that makes threads as the test tells it. */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void exits(int);
static int naps(const struct timespec *, struct timespec *);
static int stacks(const stack_t *, stack_t *);
static long call(long, void *, long, long, void *, void *, long);
#define exit exits
#define nanosleep naps
#define sigaltstack stacks
#define syscall(number, ...) call(number, (void *)FIRST(__VA_ARGS__, 0), SECOND(__VA_ARGS__, 0, 0, 0), THIRD(__VA_ARGS__, 0, 0, 0), NULL, NULL, 0)
#define FIRST(a, ...) a
#define SECOND(a, b, ...) (long)(b)
#define THIRD(a, b, c, ...) (long)(c)
#include "core/threads.c"
#undef syscall
#undef sigaltstack

static jmp_buf at_exit;
static int made, fails_at, real, napped, releases, futex_waits, marked, mask_refused, stack_refused, rseq_error, keys, asleep_for_good;

static void exits(int status)
{
	CHECK(status == 0);
	longjmp(at_exit, 1);
}

static int naps(const struct timespec *t, struct timespec *rest)
{
	(void)t, (void)rest;
	sched_yield();
	CHECK(++napped < 1000000);
	return 0;
}

static int stacks(const stack_t *set, stack_t *old)
{
	return set ? stack_refused : sigaltstack(set, old);
}

static long call(long number, void *a, long b, long c, void *d, void *e, long f)
{
	(void)d, (void)e, (void)f;
	if (number == SYS_rseq) {
		errno = rseq_error ? rseq_error : EINVAL;
		return -1;
	}
	if (number == SYS_rt_sigprocmask)
		return b ? mask_refused : 0;	/* to set one */
	if (number == SYS_futex && b == FUTEX_WAIT_PRIVATE) {
		futex_waits++;
		if (c == 1)
			__atomic_add_fetch(&asleep_for_good, 1, __ATOMIC_SEQ_CST);
		while (c == 1)
			pause();
	}
	return number == SYS_futex ? syscall(SYS_futex, a, b, c, NULL, NULL, 0) : -1;
}

static size_t stack_size, guard_size;

int __real_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	if (++made == fails_at)
		return EAGAIN;
	CHECK(!pthread_attr_getstacksize(attr, &stack_size) && !pthread_attr_getguardsize(attr, &guard_size));
	if (real)
		return pthread_create(t, attr, run, arg);
	*t = pthread_self();
	if (run == sleeper)	/* it has come to its futex */
		is_there(((struct sleeper *)arg)->record);
	return 0;
}

static sigset_t set_mask;
int __real_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)old;
	set_mask = *set;
	return 0;
}

int __real_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	(void)destructor;
	if (fails_at == -1)
		return EAGAIN;
	*key = (pthread_key_t)++keys;
	return 0;
}

void heap_is_core_thread(char *frame) { marked += frame != NULL; }
void core_release(struct record *r) { (void)r; releases++; }

static struct record r = {.lock = PTHREAD_MUTEX_INITIALIZER};
struct record *record = &r;
static unsigned count;	/* the C library's, of threads */

static void *nothing(void *unused) { return unused; }

static void how_they_are_made(void)
{
	pthread_t t;
	count = 3;
	CHECK(make(&r, &t, nothing, NULL) == 0 && stack_size == GORANDOM_STACK && guard_size == 0);
	CHECK(count == 2 && r.threads == 1);	/* it does not keep the process alive */
	fails_at = made + 1;
	CHECK(make(&r, &t, nothing, NULL) == EAGAIN && count == 2 && r.threads == 1);
	fails_at = 0;
	if (&__rseq_size && __rseq_size) {
		rseq_error = EPERM;
		int before = made;
		CHECK(make(&r, &t, nothing, NULL) == EPERM && made == before);	/* the C library would end the process */
		rseq_error = 0;
	}
	/* The host's last thread has ended meanwhile. */
	count = 1;
	if (!setjmp(at_exit)) {
		make(&r, &t, nothing, NULL);
		CHECK(!"it has ended");
	}
	r.threads = 0;
}

static void how_many(void)
{
	count = 1000;
	CHECK(core_threads_make(&r, 3) == 0 && r.sleepers == 3 && core_threads_asleep(&r) == 3 && r.on_their_way == 0);
	CHECK(core_threads_make(&r, 2) == 0 && r.sleepers == 3);
	fails_at = made + 2;
	CHECK(core_threads_make(&r, 5) == -1 && r.sleepers == 4 && r.on_their_way == 0 && !pthread_mutex_trylock(&r.lock));
	pthread_mutex_unlock(&r.lock);
	fails_at = 0;
	/* Go asks for more than the record holds. */
	pthread_t t;
	for (int i = 0; i < 100; i++) {
		CHECK(core_threads_make(&r, 2) == 0);
		r.on_their_way = 0;
		CHECK(__wrap_pthread_create(&t, NULL, nothing, &r) == 0);
	}
	CHECK(r.sleepers == RECORD_SLEEPERS && r.called == RECORD_SLEEPERS && core_threads_asleep(&r) == UINT_MAX);
	CHECK(r.threads == 100 && count == 900 && r.sleeper[63].run == nothing && r.sleeper[63].arg == &r);
	r.sleepers = r.called = r.threads = 0;
	r.on_their_way = 0;
}

static int ran;
static void *run(void *arg)
{
	CHECK(arg == &ran);
	__atomic_add_fetch(&ran, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void what_they_do(void)
{
	pthread_t t;
	real = 1;
	count = 10;
	CHECK(core_threads_make(&r, 3) == 0);
	core_threads_wait(&r);
	CHECK(r.on_their_way == 0 && marked == 3 && count == 7);
	CHECK(__wrap_pthread_create(&t, NULL, run, &ran) == 0 && r.called == 1 && pthread_equal(t, r.sleeper[0].thread));
	core_threads_wait(&r);
	CHECK(r.on_their_way == 0 && !pthread_join(t, NULL) && ran == 1);
	/* The process has just been confined. In this thread Go would end it. */
	for (int i = 0; i < 2; i++) {
		*(i ? &stack_refused : &mask_refused) = -1;
		CHECK(__wrap_pthread_create(&t, NULL, run, &ran) == 0);
		core_threads_wait(&r);
		for (int ms = 0; ms < 5000 && __atomic_load_n(&asleep_for_good, __ATOMIC_SEQ_CST) <= i; ms++)
			usleep(1000);
		CHECK(asleep_for_good == i + 1 && r.on_their_way == 0 && ran == 1);
		mask_refused = stack_refused = 0;
	}
	/* A refused start leaves no thread. */
	struct record *other = calloc(1, sizeof *other);
	pthread_mutex_init(&other->lock, NULL);
	other->nthreads = &count;
	count = 10;
	CHECK(core_threads_make(other, 4) == 0 && count == 6);
	core_threads_end(other);
	for (int i = 0; i < 4; i++)
		CHECK(other->sleeper[i].awake && !other->sleeper[i].run);
	CHECK(count == 10 && other->sleepers == 0 && core_threads_asleep(other) == 0 && other->threads == 0 && releases == 1);
}

static void a_wait_in_vain(void)
{
	napped = 0;
	r.on_their_way = 1;
	core_threads_wait(&r);
	CHECK(napped > 10000 && napped < 100000);	/* of 30 us */
	r.on_their_way = 0;
	napped = 0;
	core_threads_wait(&r);
	CHECK(napped == 0);
}

static void destroy(void *m) { (void)m; }

static void masks_and_keys(void)
{
	sigset_t all, old;
	pthread_key_t key;
	size_t size = 0;
	sigfillset(&all);
	__wrap_pthread_sigmask(SIG_SETMASK, &all, &old);
	CHECK(!sigismember(&set_mask, SIGSYS) && sigismember(&set_mask, SIGTERM));
	__wrap_pthread_sigmask(SIG_SETMASK, &all, NULL);	/* Go puts one back */
	CHECK(sigismember(&set_mask, SIGSYS));
	CHECK(__wrap_pthread_attr_getstacksize(NULL, &size) == 0 && size == STACK_FOR_GO && size < GORANDOM_STACK);
	fails_at = -1;
	CHECK(__wrap_pthread_key_create(&key, destroy) == EAGAIN && !r.destructor);
	fails_at = 0;
	CHECK(__wrap_pthread_key_create(&key, destroy) == 0 && r.key == key && r.destructor == destroy && r.lost == 0);
	CHECK(__wrap_pthread_key_create(&key, destroy) == 0 && r.lost == 1);	/* a child could not undo both */
}

int main(void)
{
	r.nthreads = &count;
	alarm(20);
	how_they_are_made();
	how_many();
	a_wait_in_vain();
	what_they_do();
	masks_and_keys();
	return 0;
}
