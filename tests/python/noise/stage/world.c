/* The system and the core of stage.h. */
#include "stage.h"

#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>

#define PATIENCE 20	/* seconds until a process counts as hung */

struct shared *shared;
struct go go = {.processors = 2};
static const unsigned *count_of_threads;

void failed(const char *file, int line, const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof text, "%s:%d: %s\n", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line, what);
	if (write(2, text, (size_t)n) != n)
		abort();
	_exit(1);
}

/* ---- bytes ---- */

void give(void *dst, size_t n, int origin)
{
	for (unsigned char *p = dst; n;) {
		uint64_t word = (uint64_t)origin << 56 | __atomic_add_fetch(&shared->words, 1, __ATOMIC_RELAXED);
		size_t k = n < 8 ? n : 8;
		memcpy(p, &word, k);
		p += k;
		n -= k;
	}
}

int once(const void *bytes, size_t n)
{
	uint64_t word = 0;
	for (const char *p = bytes; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		uint64_t number = word << 8 >> 8;
		CHECK(number && number / 64 < sizeof shared->taken / 8);
		uint64_t bit = (uint64_t)1 << number % 64;
		CHECK(word >> 56 != UNKEYED);
		CHECK(!(__atomic_fetch_or(&shared->taken[number / 64], bit, __ATOMIC_RELAXED) & bit));
	}
	return (int)(word >> 56);
}

int is_zero(const void *bytes, size_t n)
{
	for (const char *p = bytes; n--; p++)
		if (*p)
			return 0;
	return 1;
}

int draw(void *dst, size_t n) { return draw_ready(dst, n) ? 0 : draw_bytes(dst, n, NULL, NULL); }

int token(void)
{
	unsigned char bytes[16];
	CHECK(draw(bytes, sizeof bytes) == 0);
	return once(bytes, sizeof bytes);
}

int large(void)
{
	enum { N = 1 << 20 };
	unsigned char *bytes = malloc(N);
	CHECK(bytes && draw(bytes, N) == 0);
	int origin = once(bytes, N);
	free(bytes);
	return origin;
}

struct thread *here(void)
{
	struct thread *t = thread_get();
	CHECK(t && t->page);
	return t;
}

int page_has(const struct thread *t, const void *word)
{
	for (const char *p = t->page; p < (const char *)t->page + PAGE; p += 8)
		if (!memcmp(p, word, 8))
			return 1;
	return 0;
}

/* ---- the core ---- */

uint64_t mask_here(void)
{
	uint64_t mask = 0;
	__real_syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof mask);
	return mask;
}

static int fails(int *times) { return *times > 0 && (*times)--; }

static __thread int is_bound;
static __thread stack_t of_the_host;
static char signal_stack[64 << 10];

/* What Go does to a thread that calls it, and what must hold inside. */
static void go_in(void)
{
	int cancel;
	CHECK(getpid() == go.pid);
	CHECK(mask_here() == ALL_SIGNALS);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	CHECK(cancel == PTHREAD_CANCEL_DISABLE);
	CHECK(!fork_is_underway());
	if (!is_bound) {
		CHECK(!__real_sigaltstack(NULL, &of_the_host) && !(of_the_host.ss_flags & SS_ONSTACK));
		CHECK(!__real_sigaltstack(&(stack_t){.ss_sp = signal_stack, .ss_size = sizeof signal_stack}, NULL));
		is_bound = 1;
	}
	int inside = __atomic_add_fetch(&go.inside, 1, __ATOMIC_SEQ_CST);
	if (inside > go.crowd)
		go.crowd = inside;
}

static void go_out(void) { __atomic_sub_fetch(&go.inside, 1, __ATOMIC_SEQ_CST); }

static void call(void (*f)(void)) { f ? f() : (void)0; }

static int go_seed(int lanes, const char *kernel, char chosen[KERNEL_NAME])
{
	(void)kernel;
	go_in();
	CHECK(lanes == (int)core_lanes);
	go.seeds++;
	call(go.on_seed);
	strcpy(chosen, "stage");
	go_out();
	return fails(&go.seed_fails) ? GORANDOM_BROKEN : 0;
}

static int lane_in_use[GORANDOM_MAX_LANES];

static int go_fill(int lane, void *dst, size_t n, size_t whole)
{
	go_in();
	CHECK(lane >= 0 && lane < (int)core_lanes && n && n <= whole);
	CHECK(!__atomic_exchange_n(&lane_in_use[lane], 1, __ATOMIC_SEQ_CST));
	__atomic_add_fetch(&go.fills, 1, __ATOMIC_SEQ_CST);
	if (n > go.most)
		go.most = n;
	int r = fails(&go.fill_fails) ? GORANDOM_BROKEN : 0;
	if (!r)
		give(dst, n, CORE);
	call(go.on_fill);
	__atomic_store_n(&lane_in_use[lane], 0, __ATOMIC_SEQ_CST);
	go_out();
	return r;
}

static int go_event(int source, const void *data, size_t n)
{
	go_in();
	CHECK(source >= 0 && source < 256 && n && n <= EVENT_BYTES);
	unsigned char *to = go.event[go.events++ % 256];
	memset(to, 0, EVENT_BYTES);
	memcpy(to, data, n);
	call(go.on_event);
	go_out();
	return fails(&go.event_fails) ? GORANDOM_BROKEN : 0;
}

static int go_reseed(void)
{
	go_in();
	go.reseeds++;
	go_out();
	return fails(&go.reseed_fails) ? GORANDOM_NOT_READY : 0;
}

static void stream_expand(unsigned char schedule[AES_SCHEDULE], const unsigned char key[AES_KEY])
{
	unsigned char copy[AES_KEY];
	memcpy(copy, key, AES_KEY);
	go.expands++;
	go.held_expands += mask_here() >> (SIGUSR1 - 1) & 1;
	memset(schedule, 0, AES_SCHEDULE);
	memcpy(schedule, copy, AES_KEY);
}

static void stream_fill(void *dst, uint64_t blocks, const unsigned char schedule[AES_SCHEDULE], uint64_t lo, uint64_t hi)
{
	(void)lo, (void)hi;
	CHECK(blocks * AES_BLOCK <= 16 << 10 || mask_here() & signal_bit(SIGUSR1));	/* else a signal's frame would keep round keys */
	give(dst, blocks * AES_BLOCK, is_zero(schedule, AES_KEY) ? UNKEYED : STREAM);
	call(go.on_stream);
}

static const struct keystream stream = {"stage", stream_expand, stream_fill};

static const struct keystream *kernel_of(const char *name) { return go.generic || strcmp(name, "stage") ? NULL : &stream; }
static sha256_blocks no_sha256(void) { return NULL; }

static struct record *map(unsigned *nthreads, const char **why)
{
	(void)why;
	return nthreads == count_of_threads ? (struct record *)&go : NULL;
}

static int threads_make(struct record *r, unsigned asleep)
{
	(void)r;
	CHECK(!fork_is_underway());
	go.makes++;
	if (fails(&go.threads_fail))
		return -1;
	if (go.asleep < asleep)
		go.asleep = asleep;
	return 0;
}

static unsigned threads_asleep(const struct record *r) { (void)r; return go.asleep; }
static void threads_wait(struct record *r) { (void)r; go.waits++; }
static void threads_end(struct record *r) { (void)r; go.ends++; go.asleep = 0; }
static int reserve(struct record *r, size_t addresses, size_t writable)
{
	(void)r;
	CHECK(addresses > (size_t)1 << 30 && writable > 16 << 20);
	go.reserves++;
	return fails(&go.reserve_fails) ? -1 : 0;
}
static void release(struct record *r) { (void)r; go.releases++; }

static void start(struct record *r, unsigned char random[16], int processors)
{
	(void)r;
	CHECK(mask_here() == (ALL_SIGNALS & ~(signal_bit(SIGSYS) | (uint64_t)3 << 31)));
	CHECK(processors == (int)core_lanes + 1 && once(random, 16) == KERNEL);
	go.starts++;
	go.pid = getpid();
	go.inside = 0;
	is_bound = 0;
	memset(lane_in_use, 0, sizeof lane_in_use);
	call(go.on_start);
}

static int reset(struct record *r) { (void)r; go.resets++; return fails(&go.reset_fails) ? -1 : 0; }
static void before_fork(struct record *r) { (void)r; go.prepares++; }
static void in_parent(struct record *r) { (void)r; go.parents++; }
static void in_child(struct record *r) { (void)r; go.children++; go.asleep = 0; is_bound = 0; }
static void forget(struct record *r) { (void)r; go.forgets++; is_bound = 0; }

static void unbind(struct record *r)
{
	(void)r;
	go.unbinds++;
	if (is_bound)
		__real_sigaltstack(&of_the_host, NULL);
	is_bound = 0;
}

static unsigned count(const struct record *r) { (void)r; return 5; }

static const struct gorandom_core table = {
	.abi = GORANDOM_CORE_ABI, .version = GORANDOM_VERSION, .map = map,
	.threads_make = threads_make, .threads_asleep = threads_asleep, .threads_wait = threads_wait, .threads_end = threads_end,
	.reserve = reserve, .release = release, .start = start, .reset = reset, .prepare = before_fork, .parent = in_parent,
	.child = in_child, .forget = forget, .unbind = unbind, .threads = count,
	.seed = go_seed, .fill = go_fill, .event = go_event, .reseed = go_reseed, .kernel = kernel_of, .sha256 = no_sha256,
};

/* ---- the system ---- */

time_t second = 1000;
int tsc_forbidden, slow_ns;

int (*on_madvise)(void *, size_t, int);
void *(*on_mmap)(void *, size_t, int, int, int, off_t);
int (*on_munmap)(void *, size_t);
int (*on_mlock)(const void *, size_t);
ssize_t (*on_getrandom)(void *, size_t, unsigned);
int (*on_open)(const char *, int);
int (*on_fstat)(int, struct stat *);
ssize_t (*on_read)(int, void *, size_t);
int (*on_poll)(struct pollfd *);
int (*on_sigmask)(int, const sigset_t *, sigset_t *);
int (*on_sigaction)(int, struct sigaction *);
int (*on_sigaltstack)(const stack_t *, stack_t *);
int (*on_nanosleep)(const struct timespec *, struct timespec *);
int (*on_thread)(pthread_t *, void *(*)(void *));
int (*on_setspecific)(void);
void (*on_copy)(void), (*on_yield)(void);

int __wrap_madvise(void *p, size_t n, int advice) { return on_madvise ? on_madvise(p, n, advice) : __real_madvise(p, n, advice); }
int __wrap_munmap(void *p, size_t n) { return on_munmap ? on_munmap(p, n) : __real_munmap(p, n); }
int __wrap_mlock(const void *p, size_t n) { return on_mlock ? on_mlock(p, n) : __real_mlock(p, n); }
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	return (on_mmap ? on_mmap : __real_mmap)(at, n, prot, flags, fd, offset);
}

long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list list;
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number != SYS_getrandom)
		return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (on_getrandom)
		return on_getrandom((void *)a[0], (size_t)a[1], (unsigned)a[2]);
	__atomic_add_fetch(&shared->reads, 1, __ATOMIC_RELAXED);
	if ((uint64_t)a[1] > shared->most)
		shared->most = (uint64_t)a[1];
	give((void *)a[0], (size_t)a[1], KERNEL);
	return a[1];
}

int __wrap_open(const char *path, int flags, ...)
{
	if (on_open)
		return on_open(path, flags);
	errno = ENOENT;
	return -1;
}

int __real_fstat(int, struct stat *);
int __wrap_fstat(int fd, struct stat *st) { return on_fstat ? on_fstat(fd, st) : __real_fstat(fd, st); }
ssize_t __real_read(int, void *, size_t);
ssize_t __wrap_read(int fd, void *b, size_t n) { return on_read ? on_read(fd, b, n) : __real_read(fd, b, n); }
int __real_poll(struct pollfd *, nfds_t, int);
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout) { return on_poll ? on_poll(p) : __real_poll(p, n, timeout); }
int __real_nanosleep(const struct timespec *, struct timespec *);
int __wrap_nanosleep(const struct timespec *t, struct timespec *rest) { return (on_nanosleep ? on_nanosleep : __real_nanosleep)(t, rest); }

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return (on_sigmask ? on_sigmask : __real_pthread_sigmask)(how, set, old);
}

int __wrap_sigaction(int signal, const struct sigaction *new, struct sigaction *old)
{
	return on_sigaction && !new ? on_sigaction(signal, old) : __real_sigaction(signal, new, old);
}

int __wrap_sigaltstack(const stack_t *new, stack_t *old) { return (on_sigaltstack ? on_sigaltstack : __real_sigaltstack)(new, old); }

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	return on_thread ? on_thread(t, run) : __real_pthread_create(t, attr, run, arg);
}

int __real_pthread_setspecific(pthread_key_t, const void *);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
	int error = on_setspecific ? on_setspecific() : 0;
	return error ? error : __real_pthread_setspecific(key, value);
}

void *__real_memcpy(void *, const void *, size_t);
void *__wrap_memcpy(void *to, const void *from, size_t n)
{
	void (*f)(void) = on_copy;
	on_copy = NULL;
	call(f);
	return __real_memcpy(to, from, n);
}

int __real_sched_yield(void);
int __wrap_sched_yield(void)
{
	if (!on_yield)
		return __real_sched_yield();
	on_yield();
	return 0;
}

int __wrap_sched_getaffinity(pid_t pid, size_t n, cpu_set_t *set)
{
	(void)pid;
	memset(set, 0, n);
	for (unsigned i = 0; i < go.processors; i++)
		CPU_SET(i, set);
	return 0;
}

void no_waiting(void)
{
	static int turns;
	CHECK(++turns < 10000);
}

time_t __wrap_time(time_t *t)
{
	struct timespec began, now;
	clock_gettime(CLOCK_MONOTONIC, &began);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (slow_ns && (now.tv_sec - began.tv_sec) * 1000000000 + now.tv_nsec - began.tv_nsec < slow_ns);
	if (t)
		*t = second;
	return second;
}

int __real_prctl(int, ...);
int __wrap_prctl(int option, ...)
{
	va_list list;
	va_start(list, option);
	int *how = va_arg(list, int *);
	va_end(list);
	CHECK(option == PR_GET_TSC);
	*how = tsc_forbidden ? PR_TSC_SIGSEGV : PR_TSC_ENABLE;
	return 0;
}

void *__wrap_dlopen(const char *path, int flags)
{
	(void)path, (void)flags;
	return &go;
}

char *__wrap_dlerror(void) { return NULL; }

void *__wrap_dlsym(void *library, const char *name)
{
	static unsigned one = 1;
	count_of_threads = &one;
	if (!strcmp(name, "__nptl_nthreads"))
		return &one;
	return library == &go && !strcmp(name, "gorandom_core") ? (void *)(uintptr_t)&table : NULL;
}

/* ---- other processes and threads ---- */

int child(int how, pid_t *pid)
{
	*pid = how == BY_FORK ? fork() : (pid_t)__real_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	CHECK(*pid >= 0);
	if (*pid == 0)
		alarm(PATIENCE);
	return *pid == 0;
}

void wait_for(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, __WALL) < 0)
		CHECK(errno == EINTR);
	CHECK(status == 0);
}

pthread_t begin(void *(*run)(void *), void *arg)
{
	pthread_t t;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	CHECK(!__real_pthread_create(&t, &attr, run, arg));
	return t;
}

void end(pthread_t t) { CHECK(!pthread_join(t, NULL)); }

static void *run(void *f)
{
	((void (*)(void))(uintptr_t)f)();
	return NULL;
}

void in_thread(void (*f)(void)) { end(begin(run, (void *)(uintptr_t)f)); }

void wait_until(const int *flag)
{
	struct timespec began, now;
	clock_gettime(CLOCK_MONOTONIC, &began);
	while (!__atomic_load_n(flag, __ATOMIC_SEQ_CST)) {
		__real_nanosleep(&(struct timespec){0, 50000}, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		CHECK(now.tv_sec - began.tv_sec < PATIENCE);	/* the thread that should set it may hold SIGALRM, too */
	}
}

void stop_here(struct stop *s)
{
	__atomic_store_n(&s->come, 1, __ATOMIC_SEQ_CST);
	wait_until(&s->go);
}

/* ---- ---- */

void boot(void)
{
	static int (*const steps[])(void) = {
		process_init, clock_init, restore_init, kernel_init, library_init, thread_init, events_init, start_init, fork_init,
	};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		CHECK(steps[i]() == 0);
	CHECK(!start_load("stage/core.so") && !library_missing());
}

int main(int argc, char **argv)
{
	const struct scene *const all[] = {of_guard, of_source, of_runtime, of_draw};
	shared = __real_mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		for (const struct scene *s = all[i]; s->name; s++)
			if (argc < 2)
				puts(s->name);
			else if (!strcmp(argv[1], s->name)) {
				alarm(PATIENCE);
				s->play();
				return 0;
			}
	return argc < 2 ? 0 : 2;
}
