/* Every entry into Go goes through this pair of functions, and no Python code runs between them.
 *
 * Inside, all signals are blocked: a host's handler without SA_ONSTACK would run on a goroutine's stack and overwrite Go's
 * heap. Cancellation is off. No more threads are inside than Go has processors, because the others would queue in Go, where
 * a thread cannot give up waiting. One place is kept for rare calls that nothing else can serve, so that they do not wait
 * behind draws. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "guard/fork.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

#define NAP 50000	/* ns after the first look for a free place, and twice as long after each further one, */
#define LONGEST_NAP 1000000	/* up to this: many threads may wait, and should leave the processors to those inside */
#define ASIDE_PATIENCE 10000000000	/* ns; such a call has nowhere else to go */

/* Places, one bit each: those of draws, which are also lanes, and one that draws never take. */
static unsigned lanes(void) { return (1u << core_lanes) - 1; }
static unsigned aside(void) { return 1u << core_lanes; }

static unsigned free_places;

/* Threads inside that Go does not know yet, and the most there have been at once in this process. For one more than
 * that, Go makes an M, and ends the process if it gets no memory for it. */
static unsigned strangers, strangers_seen;

/* Threads that held a place in the parent do not exist in a child. */
void gate_init(void)
{
	free_places = lanes() | aside();
	strangers = strangers_seen = 0;
}

/* Takes one of these places: its number, or -1. No other thread uses that lane's generator meanwhile. */
static int take_place(unsigned places)
{
	unsigned all = __atomic_load_n(&free_places, __ATOMIC_RELAXED), free;
	while ((free = all & places) != 0)
		if (__atomic_compare_exchange_n(&free_places, &all, all & ~(free & -free), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return __builtin_ctz(free);
	return -1;
}

static void leave_place(int place) { __atomic_or_fetch(&free_places, 1u << place, __ATOMIC_RELEASE); }

/* Makes the system call itself, because pthread_sigmask leaves the C library's own signals open. setuid() in another
 * thread sends one, whose handler would run on a goroutine's stack too. With this call it waits until we leave. */
static int set_mask(const uint64_t *new, uint64_t *old) { return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, new, old, sizeof *new); }

const char *gate_closed(void)
{
	struct sigaction action;
	if (sigaction(SIGSYS, NULL, &action))
		return "rt_sigaction is refused (seccomp)";
	return action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN ? NULL
		: "SIGSYS has a handler, so a sandbox may trap system calls, which cannot be done inside Go";
}

/* Check that what Go needs for this call is available: the process may have been confined since the start. At the start
 * itself (is_held) it has been reserved. */
static int has_what_go_needs(struct visit *v, int is_held)
{
	/* Go cannot bind a thread that runs on an alternate signal stack, which may be too small. Go will set one of its own. A
	 * filter may allow reading the setting but not changing it, so the thread's own stack is set again as a test. */
	if (v->binds && (sigaltstack(NULL, &v->stack) || v->stack.ss_flags & SS_ONSTACK || sigaltstack(&v->stack, NULL)))
		return 0;
	unsigned n = v->binds ? __atomic_add_fetch(&strangers, 1, __ATOMIC_RELAXED) : 0;
	if (n <= __atomic_load_n(&strangers_seen, __ATOMIC_RELAXED))
		return 1;
	if (!is_held && !limits_room()) {
		__atomic_sub_fetch(&strangers, 1, __ATOMIC_RELAXED);
		return 0;
	}
	__atomic_store_n(&strangers_seen, n, __ATOMIC_RELAXED);
	return 1;
}

static void let_go(const struct visit *v)
{
	set_mask(&v->mask, NULL);
	pthread_setcancelstate(v->cancel, NULL);
}

/* Blocks all signals and cancellation. -1: Go cannot be entered now. */
static int hold(struct visit *v)
{
	static const uint64_t every = ~(uint64_t)0;

	if (gate_closed())
		return -1;
	/* A thread that kept its M would keep 40 KB, and could not end in a child. Only the initial thread does: that saves it
	 * more than 2 us of binding and unbinding at each entry. The record is looked up before the mask is set, because
	 * making a thread's first record restores a mask through the C library, which opens its own signals. */
	struct thread *t = thread_get();
	v->stays = t && t->initial ? t : NULL;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &v->cancel);
	if (set_mask(&every, &v->mask) == 0)
		return 0;
	pthread_setcancelstate(v->cancel, NULL);
	return -1;
}

/* With signals held. */
static int open_gate(struct visit *v, int is_held)
{
	v->binds = !v->stays || !core_alive() || v->stays->bound != core_alive();
	return has_what_go_needs(v, is_held) ? 0 : -1;
}

static void close_gate(struct visit *v)
{
	if (v->binds)
		__atomic_sub_fetch(&strangers, 1, __ATOMIC_RELAXED);
}

int gate_open(struct visit *v, int is_held)
{
	if (hold(v))
		return -1;
	if (open_gate(v, is_held) == 0)
		return 0;
	let_go(v);
	return -1;
}

/* Go has been left; signals are still held. */
static void leave_go(struct visit *v)
{
	core->threads_wait(core_record);	/* the caller may confine itself next */
	if (!v->stays)
		core->unbind(core_record);
	else if (v->binds) {
		sigaltstack(&v->stack, NULL);	/* Go set its own when it bound the thread */
		v->stays->bound = core_alive();
		v->binds = 0;	/* its M stays taken, so it still counts among the strangers */
	}
	close_gate(v);
}

void gate_close(struct visit *v)
{
	leave_go(v);
	let_go(v);
}

/* The core of a restored machine may have a twin with the same keys, so it gives nothing before it is reseeded. The same
 * holds for a core that has missed a reseed. Call it inside the gate. 0, or the core's answer. */
static int reseed_restored(void)
{
	struct stamp now = core_stamp();
	if (stamp_is_here(&core_state->seeded) && stamp_field(&core_state->seeded.epoch) == now.epoch)
		return 0;
	int r = core->reseed();
	if (!r)
		stamp_put(&core_state->seeded, &now);	/* another thread's older stamp only costs one more reseed */
	return r;
}

/* With signals and a place held. -1: the place has been given back. */
static int enter_place(struct visit *v)
{
	if (open_gate(v, 0) == 0) {
		/* Checked only now, when no signal handler can fork any more. */
		fork_check();
		if (core_alive()) {
			if (reseed_restored() == 0)
				return 0;
			leave_go(v);
		} else {
			close_gate(v);
		}
	}
	leave_place(v->lane);
	return -1;
}

/* A place is held only while signals are held. Otherwise a handler that wants the same place would wait for its own
 * thread, and if a handler left by longjmp, the place would never be given back. */
static int enter(struct visit *v, unsigned places, int64_t patience)
{
	for (int64_t nap = NAP; core_alive(); nap = nap < LONGEST_NAP ? 2 * nap : nap) {
		if (__atomic_load_n(&free_places, __ATOMIC_RELAXED) & places) {
			/* A thread in the middle of fork() holds the lock of the core's record, which making threads needs. */
			if (fork_is_underway() || !limits_threads() || hold(v))
				return -1;
			v->lane = take_place(places);
			if (v->lane >= 0 && enter_place(v) == 0)
				return 0;
			let_go(v);
			if (v->lane >= 0)
				return -1;
		}
		if (patience <= 0)
			return -1;
		nanosleep(&(struct timespec){0, nap}, NULL);
		patience -= nap;
	}
	return -1;
}

int gate_enter(struct visit *v, int64_t patience) { return enter(v, lanes(), patience); }
int gate_enter_aside(struct visit *v) { return enter(v, aside(), ASIDE_PATIENCE); }

void gate_leave(struct visit *v)
{
	leave_go(v);
	leave_place(v->lane);
	let_go(v);
}
