/* Forks that no Python code notices: raw clones, and a C signal handler that forks in the middle of what
 * it interrupts. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { FORK, RAW_CLONE, RAW_FORK };

static int raw_clone(void) { return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }

static int raw_fork(void)
{
#ifdef SYS_fork
	return (int)syscall(SYS_fork);
#else
	return raw_clone();
#endif
}

/* after: PyOS_AfterFork_Child, for CPython's own locks, which this does not test. It must come before any
 * Python code, which would wait for a thread that wants the GIL and does not exist there. */
int bare_fork(int how, void (*after)(void))
{
	int pid = how == FORK ? fork() : how == RAW_CLONE ? raw_clone() : raw_fork();
	if (pid == 0 && after)
		after();
	return pid;
}

#define STORM_CHILDREN 4096

/* Read and set by the test program. */
volatile int storm_armed;	/* the handler forks only now: during a draw */
volatile int storm_in_child;	/* set in a child */
volatile int storm_early;	/* in a child: the draw had not ended at the fork */
volatile int storm_budget;
volatile int storm_count;
volatile int storm_child[STORM_CHILDREN];
volatile int storm_signals;

static int how, period;
static const volatile unsigned char *last;	/* of the draw's buffer, filled with 0xAA before */

static void again(void)
{
	/* Not regular, because it would fall into step with the draws. */
	static uint32_t x = 2463534242u;
	x ^= x << 13, x ^= x >> 17, x ^= x << 5;
	struct itimerval t = {.it_value.tv_usec = period / 2 + (int)(x % (unsigned)period)};
	setitimer(ITIMER_REAL, &t, NULL);
}

static void handler(int signo)
{
	int error = errno;
	(void)signo;
	storm_signals++;
	if (storm_armed && storm_budget > 0 && storm_count < STORM_CHILDREN) {
		int early = 1;
		for (int i = 0; i < 16; i++)
			early &= last[i] == 0xAA;
		storm_budget--;
		int pid = how == FORK ? fork() : raw_clone();
		if (pid == 0) {
			storm_armed = 0;
			storm_in_child = 1;
			storm_early = early;
			errno = error;
			return;
		}
		if (pid > 0)
			storm_child[storm_count++] = pid;
	}
	if (storm_budget > 0)
		again();
	errno = error;
}

/* The buffer's last 16 bytes show whether a draw had ended when the signal came. */
void storm_start(int what, int us, int budget, const unsigned char *buffer, size_t n)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};

	how = what;
	period = us;
	last = buffer + n - 16;
	storm_budget = budget;
	sigaction(SIGALRM, &sa, NULL);
	again();
}

void storm_stop(void)
{
	struct itimerval never = {0};
	setitimer(ITIMER_REAL, &never, NULL);
	storm_budget = 0;
}
