/* The gate and draw_reseed() over a core that is not Go's. Output: how often it was reseeded, after one entry and after two.
 * The first entry makes up for a missed reseed(). While it does, another thread asks in vain for one more. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/process.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "source/kernel.h"

static int reseeds;

static void ignore(int signo) { (void)signo; }

/* As with a sandbox's handler of SIGSYS: no thread may enter. */
static void *reseed_outside(void *unused)
{
	struct sigaction sandbox = {.sa_handler = ignore}, none = {.sa_handler = SIG_DFL};
	sigaction(SIGSYS, &sandbox, NULL);
	draw_reseed();
	sigaction(SIGSYS, &none, NULL);
	return unused;
}

static int reseed(void)
{
	pthread_t other;
	if (++reseeds == 1) {
		pthread_create(&other, NULL, reseed_outside, NULL);
		pthread_join(other, NULL);
	}
	return 0;
}

static unsigned asleep(const struct record *r) { return (void)r, UINT_MAX; }
static void nothing(struct record *r) { (void)r; }
static const struct gorandom_core plain = {
	.threads_asleep = asleep, .threads_wait = nothing, .unbind = nothing, .reseed = reseed,
};

static void enter_once(void)
{
	struct visit v;
	if (gate_enter(&v, 0) == 0)
		gate_leave(&v);
	printf("%d\n", reseeds);
}

int main(void)
{
	if (process_init() || kernel_init() || library_init() || thread_init() || events_init() || fork_init())
		return 2;
	core = &plain;
	core_lanes = 1;
	gate_init();
	core_state->alive = 1;
	struct stamp now = stamp_now();
	now.epoch = 0;
	core_state->seeded = now;
	reseed_outside(NULL);
	enter_once();
	enter_once();
	return 0;
}
