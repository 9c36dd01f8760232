/* A C program's calls of gorandom's RAND_METHOD.bytes (child.bytes_callback()) in places where no Python code runs. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int bytes_callback(unsigned char *, int);

static bytes_callback *draw;
static int size;
static unsigned char drawn[4 << 20];
static volatile int answer;

static int all_zero(void)
{
	for (int i = 0; i < size; i++)
		if (drawn[i])
			return 0;
	return 1;
}

/* On an alternate signal stack, between two pages that must not be touched. */

static void handler(int signo)
{
	(void)signo;
	answer = draw(drawn, size);
}

/* 1: n bytes were drawn, and the stack is still the one that was set. n <= sizeof drawn. */
int callbacks_on_a_signal_stack(bytes_callback *callback, size_t stack, int n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *low = mmap(NULL, stack + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t ours = {.ss_sp = low + page, .ss_size = stack}, old, now;
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK}, before;

	if (low == MAP_FAILED || mprotect(low + page, stack, PROT_READ | PROT_WRITE) || sigaltstack(&ours, &old))
		return -1;
	draw = callback;
	size = n;
	answer = -2;
	memset(drawn, 0, (size_t)n);
	sigaction(SIGUSR2, &sa, &before);
	raise(SIGUSR2);
	sigaction(SIGUSR2, &before, NULL);
	sigaltstack(&old, &now);
	munmap(low, stack + 2 * page);
	if (now.ss_sp != ours.ss_sp || now.ss_size != ours.ss_size || now.ss_flags)
		return -3;
	return answer == 1 && all_zero() ? -4 : answer;
}

/* A timer interrupts the draw. Its handler leaves the draw by longjmp, or adds an event. */

typedef int add_callback(const void *, int, double);

static sigjmp_buf home;
static add_callback *add;
static volatile int added;

static void jump(int signo) { siglongjmp(home, signo); }
static void add_one(int signo) { added += add(&signo, sizeof signo, 0); }

static void set_timer(int first, int next)
{
	struct itimerval t = {{0, next}, {0, first}};
	setitimer(ITIMER_REAL, &t, NULL);
}

/* How often draws of n bytes were left, a ms after the first of a series. n <= sizeof drawn. */
int callbacks_jump(bytes_callback *callback, int times, int n)
{
	struct sigaction sa = {.sa_handler = jump}, before;
	volatile int i;

	sigaction(SIGALRM, &sa, &before);
	for (i = 0; i < times; i++)
		if (!sigsetjmp(home, 1)) {
			set_timer(1000, 0);
			while (callback(drawn, n))
				;
		}
	sigaction(SIGALRM, &before, NULL);
	return i;
}

/* How many events the handlers have added, while n were added one after the other. */
int callbacks_add(add_callback *callback, int n)
{
	struct sigaction sa = {.sa_handler = add_one, .sa_flags = SA_RESTART}, before;

	add = callback;
	added = 0;
	sigaction(SIGALRM, &sa, &before);
	set_timer(200, 200);
	while (n-- && add("event", 5, 0))
		;
	set_timer(0, 0);
	sigaction(SIGALRM, &before, NULL);
	return n < 0 ? added : -1;
}

/* In threads whose destructor draws in each of the C library's rounds of destructors. */

static pthread_key_t key;
static volatile long destroyed;

static void destroy(void *value)
{
	unsigned char bytes[16];
	destroyed += draw(bytes, sizeof bytes) == 1;
	pthread_setspecific(key, value);	/* once more */
}

static void *thread(void *unused)
{
	unsigned char bytes[16];
	draw(bytes, sizeof bytes);	/* so the generator's own destructor comes before ours */
	pthread_setspecific(key, &key);
	return unused;
}

/* One after the other. How many draws the destructors have made, or -1. */
long callbacks_in_destructors(bytes_callback *callback, int threads)
{
	static int made;
	pthread_t t;

	draw = callback;
	if (!made && pthread_key_create(&key, destroy))
		return -1;
	made = 1;
	destroyed = 0;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&t, NULL, thread, NULL) || pthread_join(t, NULL))
			return -1;
	return destroyed;
}

/* In fork handlers, which may fork themselves: registered before or after the generator's own. */

enum { PREPARE, PARENT, CHILD, PLACES, FORKS = -1 };

static int at_fork_does[PLACES];	/* bytes that the handler draws; FORKS; or 0 for nothing */
static int nested;	/* while a handler's own fork passes the handlers */
unsigned char at_fork_drawn[PLACES][16];
int at_fork_failed;

static void at_fork(int place)
{
	int n = at_fork_does[place], status = -1;
	unsigned char bytes[16];

	if (n > 0) {
		at_fork_failed += draw(drawn, n) != 1;
		memcpy(at_fork_drawn[place], drawn, sizeof bytes);
	} else if (n == FORKS && !nested) {
		nested = 1;
		pid_t pid = fork();
		if (pid == 0)
			_exit(draw(bytes, sizeof bytes) != 1);
		at_fork_failed += pid < 0 || waitpid(pid, &status, 0) != pid || status;
		nested = 0;
	}
}

static void prepare(void) { at_fork(PREPARE); }
static void parent(void) { at_fork(PARENT); }
static void child(void) { at_fork(CHILD); }

int callbacks_at_fork(void) { return pthread_atfork(prepare, parent, child); }

void callbacks_arm(bytes_callback *callback, int in_prepare, int in_parent, int in_child)
{
	draw = callback;
	at_fork_does[PREPARE] = in_prepare;
	at_fork_does[PARENT] = in_parent;
	at_fork_does[CHILD] = in_child;
}

/* In threads that a fork handler makes in the child, and in others made there later. */

enum { EARLY, LATE, THREADS, TOKENS = 1 << 18 };

static unsigned char (*tokens)[TOKENS][16];
static volatile int drawing, go;
static pthread_t threads[THREADS];

static void *draw_many(void *which)
{
	unsigned char (*to)[16] = which, bytes[16];
	draw(bytes, sizeof bytes);
	drawing++;
	while (!go)
		sched_yield();
	for (int i = 0; i < TOKENS; i++)
		draw(to[i], sizeof bytes);
	return NULL;
}

static void make_early(void)
{
	if (tokens && !pthread_create(&threads[EARLY], NULL, draw_many, tokens[EARLY]))
		while (!drawing)
			sched_yield();
}

int callbacks_early_thread(void) { return pthread_atfork(NULL, NULL, make_early); }

static int compare(const void *a, const void *b) { return memcmp(a, b, sizeof **tokens); }

/* How many tokens came twice or are zeros; -1: no such child. */
int callbacks_early(bytes_callback *callback)
{
	size_t n = THREADS * TOKENS;
	unsigned char (*all)[16] = mmap(NULL, n * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), none[16] = {0};
	int wrong = 0, status;

	if (all == MAP_FAILED)
		return -1;
	draw = callback;
	tokens = (void *)all;
	pid_t pid = fork();
	if (pid == 0) {
		if (pthread_create(&threads[LATE], NULL, draw_many, tokens[LATE]))
			_exit(1);
		while (drawing < THREADS)
			sched_yield();
		go = 1;
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		_exit(0);
	}
	tokens = NULL;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return -1;
	qsort(all, n, sizeof *all, compare);
	for (size_t i = 0; i < n; i++)
		wrong += !memcmp(all[i], none, sizeof none) || (i && !memcmp(all[i], all[i - 1], sizeof none));
	munmap(all, n * sizeof *all);
	return wrong;
}

/* In the child of a vfork, which has its parent's memory but only its own thread. Returns its status. */
int callbacks_vfork(bytes_callback *callback, int n)
{
	int status = -1;
	pid_t pid = vfork();
	if (pid == 0)
		_exit(callback(drawn, n) != 1);
	waitpid(pid, &status, 0);
	return status;
}
