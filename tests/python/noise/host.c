/* What host programs written in C can do to their threads and signals, and Python code cannot. */
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* A handler without SA_ONSTACK that needs much stack: on a goroutine's stack it would overwrite Go's heap. There it
 * only counts. */

volatile long host_handled, host_astray;
static size_t host_stack;

/* The stack of a thread that has called host_here(). With another TLS model a handler's first look would allocate. */
static __thread char *bottom __attribute__((tls_model("initial-exec")));
static __thread size_t size __attribute__((tls_model("initial-exec")));

void host_here(void)
{
	pthread_attr_t attr;
	void *start;
	size_t all;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &start, &all);
	pthread_attr_destroy(&attr);
	bottom = start;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);	/* the handlers run already, and look at size first */
	size = all;
}

static void greedy(int signo)
{
	char here;

	(void)signo;
	if (size && (size_t)(&here - bottom) >= size) {
		host_astray++;
		return;
	}
	volatile char *p = alloca(host_stack);
	memset((char *)p, 0xA5, host_stack);
	host_handled++;
}

void host_signals(int us, size_t stack)
{
	struct sigaction sa = {.sa_handler = greedy, .sa_flags = SA_RESTART};
	struct itimerval t = {{0, us}, {0, us}};

	host_stack = stack;
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGPROF, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
	setitimer(ITIMER_PROF, &t, NULL);
}

void host_quiet(void)
{
	struct itimerval never = {0};
	setitimer(ITIMER_REAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
}

/* A thread of the C program that calls draw until it is cancelled, in the middle of a draw. 1: it ended by that.
 * It keeps its Python thread state (ensure, release: PyGILState_Ensure, PyEval_SaveThread), because CPython
 * passes a cancellation point with the GIL held when it makes or deletes a thread state. */

struct cancelled { void (*draw)(void); int (*ensure)(void); void *(*release)(void); };

static void *cancelled(void *arg)
{
	struct cancelled *c = arg;

	c->ensure();
	c->release();
	for (;;) {
		c->draw();
		pthread_testcancel();
	}
	return NULL;
}

int host_cancel(void (*draw)(void), volatile int *drawing, int (*ensure)(void), void *(*release)(void))
{
	struct cancelled c = {draw, ensure, release};
	pthread_t t;
	void *result;

	*drawing = 0;
	if (pthread_create(&t, NULL, cancelled, &c))
		return -1;
	while (!*drawing)
		;
	pthread_cancel(t);
	pthread_join(t, &result);
	return result == PTHREAD_CANCELED;
}

/* Called with the GIL held, which another thread of this process wants. Where does that thread sleep meanwhile?
 * 0: outside the gate, with its signals open. 1: inside, in LOOKS looks. -1: it does not sleep. */
int host_sleeps_inside(int thread)
{
	enum { LOOKS = 400, PATIENCE = 50 };	/* PATIENCE: looks at a thread that has no processor */
	char path[64], text[4096];
	int inside = 0;

	snprintf(path, sizeof path, "/proc/self/task/%d/status", thread);
	for (long i = 0; i < LOOKS * PATIENCE; i++) {
		FILE *f = fopen(path, "r");
		size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
		if (f)
			fclose(f);
		text[n] = 0;
		const char *state = strstr(text, "State:"), *blocked = strstr(text, "SigBlk:");
		if (!state || !blocked)
			return -1;
		if (strncmp(state, "State:\tS", 8) == 0) {
			if (!(strtoull(blocked + 7, NULL, 16) >> (SIGUSR1 - 1) & 1))
				return 0;
			if (++inside == LOOKS)
				return 1;
		}
		usleep(500);
	}
	return -1;
}
