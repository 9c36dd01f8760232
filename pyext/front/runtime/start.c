/* A process never enters a Go runtime that another process has started. The first process starts the library that it mapped
 * at import. A child resets the same library in place and starts it again, but only after its draws have cost as much as a
 * start: most forked children draw one token and exit. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "guard/fork.h"
#include "guard/signals.h"
#include "pure/erase.h"
#include "runtime/runtime.h"
#include "source/kernel.h"

/* From here on a child's core pays off: reset, probes and start take 2 to 3 ms, in which the kernel makes about a
 * megabyte. (Ski rental: if you rent until the rent equals the price, you never pay more than twice the minimum.) */
#define CHILD_BYTES ((uint64_t)1 << 20)
#define CHILD_DRAW ((size_t)256 << 10)	/* bytes; after a draw of this size more are to be expected */

const char *start_keystream;

/* A copy, because fork wipes the library's memory. A draw may be about to call it when a signal handler interrupts it and
 * forks, and the draw then continues in the child. */
static struct keystream kernel;

static enum start_mode mode;	/* changed with start_lock held, or at import */
static int dirty;	/* the library has been started, here or in an ancestor */
static uint64_t starts;	/* in this lineage; its value identifies a live core */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;	/* held across fork; never waited for by a draw */

int start_has_core(void)
{
	fork_check();
	return core_alive() && !gate_closed();
}

static const char *refused(void) { return __atomic_load_n(&core_state->refused, __ATOMIC_RELAXED); }
static void refuse(const char *why) { __atomic_store_n(&core_state->refused, why, __ATOMIC_RELAXED); }

enum start_mode start_get_mode(void) { return __atomic_load_n(&mode, __ATOMIC_RELAXED); }

int start_is_wanted(size_t n)
{
	if (!core || core_alive() || refused() || start_get_mode() == START_NEVER || !process->known)
		return 0;
	if (fork_generation == 0 || start_get_mode() == START_EAGER)
		return 1;
	return n >= CHILD_DRAW || __atomic_load_n(&core_state->direct, __ATOMIC_RELAXED) + n >= CHILD_BYTES;
}

const char *start_reason(void)
{
	if (core_alive())
		return gate_closed();
	if (library_missing())
		return library_missing();
	if (!process->known)
		return "this process was made by a clone(2) that went past the fork handlers";
	if (refused())
		return refused();
	if (start_get_mode() == START_NEVER)
		return "start is \"never\"";
	if (gate_closed())
		return gate_closed();
	if (fork_generation)
		return "a forked child starts a core when it has drawn about a megabyte";
	return "nothing has been drawn yet";
}

/* With signals and start_lock held. random: 16 fresh bytes for Go's own use. */
static void start_with(unsigned char random[16])
{
	struct visit v;
	char chosen[KERNEL_NAME] = "";

	const char *why = limits_refuse();
	if (why) {
		refuse(why);
		return;
	}
	/* Always in a child: the library's data that fork has wiped must come back. */
	if ((dirty || fork_generation) && core->reset(core_record)) {
		core->threads_end(core_record);
		refuse("the parent's core cannot be undone");
		return;
	}
	dirty = 1;
	core->start(core_record, random, (int)core_processors());

	if (gate_open(&v, 1)) {
		core->release(core_record);
		refuse("a thread cannot enter the core: signals or memory are refused (seccomp, a limit)");
		return;
	}
	struct stamp now = core_stamp();
	stamp_put(&core_state->seeded, &now);
	/* The runtime starts in a thread of its own. The first call waits until it has started. */
	int error = core->seed((int)core_lanes, start_keystream, chosen);
	core->release(core_record);
	gate_close(&v);
	if (error)
		refuse(error == GORANDOM_NO_KERNEL ? "this processor lacks the AES kernel that GORANDOM_KEYSTREAM names" : "the core could not be seeded");
	if (error)
		return;
	const struct keystream *k = core->kernel(chosen);
	if (k) {
		kernel = *k;
		__atomic_store_n(&core_state->kernel, &kernel, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&core_state->alive, ++starts, __ATOMIC_RELEASE);
}

static void start(void)
{
	unsigned char random[16];
	stack_t stack;

	int error = sigaltstack(NULL, &stack);
	if (!error && stack.ss_flags & SS_ONSTACK)
		return;	/* for now: the next draw asks again */
	if (error || sigaltstack(&stack, NULL)) {	/* Go's threads set one; this test changes nothing */
		refuse("sigaltstack is refused (seccomp)");
		return;
	}
	if (kernel_read(random, sizeof random) == 0)	/* else the draw that wanted the core gets this error and reports it */
		start_with(random);
	erase(random, sizeof random);
}

/* Here and below signals are held before start_lock is taken, because a handler that forked with the lock held would wait
 * for its own thread. */
int start_core(void)
{
	struct held held;

	if (fork_is_underway() || gate_closed())
		return 0;	/* for now: the next draw asks again */
	if (hold_signals(&held)) {
		refuse("rt_sigprocmask is refused (seccomp)");
		return 0;
	}
	/* The child of a vfork(2) runs in its parent's memory. The core's threads would be the child's, and end with it. */
	if (process->known == (uint64_t)getpid() && pthread_mutex_trylock(&start_lock) == 0) {
		if (core && !core_alive() && !refused() && start_get_mode() != START_NEVER)
			start();
		pthread_mutex_unlock(&start_lock);
	}
	release_signals(&held);
	return core_alive() != 0;
}

int start_set_mode(enum start_mode new)
{
	struct held held;
	int known = process && process->known && !fork_is_underway();	/* else no core can be starting, or this thread holds the lock */

	int error = hold_signals(&held);
	if (known)
		pthread_mutex_lock(&start_lock);
	int late = new == START_NEVER && known && core_alive();
	if (!late)
		__atomic_store_n(&mode, new, __ATOMIC_RELAXED);
	if (known)
		pthread_mutex_unlock(&start_lock);
	if (!error)
		release_signals(&held);
	return late ? -1 : 0;
}

/* A library that has never been started has nothing to lock, and each page that is written costs the fork a page fault. */
static void prepare(void)
{
	pthread_mutex_lock(&start_lock);
	if (core && dirty)
		core->prepare(core_record);
}

static void parent(void)
{
	if (core && dirty)
		core->parent(core_record);
	pthread_mutex_unlock(&start_lock);
}

static void child(void)
{
	pthread_mutex_init(&start_lock, NULL);
	gate_init();
	if (core)
		core->child(core_record);
}

int start_init(void)
{
	static struct fork_hook hook = {.place = FORK_CORE, .prepare = prepare, .parent = parent, .child = child};
	fork_register(&hook);
	return 0;
}

const char *start_load(const char *path)
{
	const struct gorandom_core *loaded;
	struct held held;
	const char *broken = library_load(path, limits_spare(), &loaded);
	gate_init();
	int error = hold_signals(&held);
	pthread_mutex_lock(&start_lock);	/* so a fork's hooks see a core both before and after it, or neither time */
	core = loaded;
	pthread_mutex_unlock(&start_lock);
	if (!error)
		release_signals(&held);
	return broken;
}
