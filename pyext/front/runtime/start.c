/* Whether, when and how this process gets a core of its own.
 *
 * A process never enters a Go runtime that another process has started. The first one starts the library
 * that it has mapped at import. A child resets the same library in place and starts it again, but not
 * before its draws have cost what that costs: most children live for one token. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pure/erase.h"
#include "front.h"
#include "guard/signals.h"

/* A child's core pays from here on: reset, probes and start take 2 to 3 ms, in which the kernel makes about a
 * megabyte. (Ski rental: whoever rents until the rent equals the price never pays more than twice.) */
#define CHILD_BYTES ((uint64_t)1 << 20)
#define CHILD_DRAW ((size_t)256 << 10)	/* one draw of this size will not be the last */

const struct gorandom_core *core;
struct record *core_record;

static const char *missing;	/* why there is no library, so no core in any process of this lineage */
static char missing_text[256];
static enum start_mode mode;	/* changed with start_lock held, or at import */
static int dirty;	/* the library has been started, here or in an ancestor */
static uint64_t starts;	/* in this lineage: names a live core */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;	/* held across fork; never waited for by a draw */

const char *life_init(const char *path)
{
#ifdef GORANDOM_NO_CORE	/* the build's: why it made none */
	missing = GORANDOM_NO_CORE;
	return NULL;
#endif
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	cpu_set_t cpus;

	if (!library) {
		snprintf(missing_text, sizeof missing_text, "the core's library cannot be loaded: %s", dlerror());
		missing = missing_text;
		return NULL;
	}
	const struct gorandom_core *found = dlsym(library, "gorandom_core");
	if (!found || found->abi != GORANDOM_CORE_ABI || strcmp(found->version, GORANDOM_VERSION))
		return "gorandom's libraries are of different versions: install it again";
	hmac256_blocks = found->sha256();	/* it needs no core */
	if (!process_wipes) {
		missing = "this kernel cannot wipe memory at fork (MADV_WIPEONFORK)";
		return NULL;
	}
	unsigned *nthreads = nthreads_find();
	if (!nthreads) {
		missing = "this C library does not show its count of threads";
		return NULL;
	}
	struct record *record = found->map(nthreads, &missing);
	if (!record)
		return NULL;
	int n = sched_getaffinity(0, sizeof cpus, &cpus) ? 1 : CPU_COUNT(&cpus);
	gate_init(n < GORANDOM_MAX_LANES ? n : GORANDOM_MAX_LANES);
	pthread_mutex_lock(&start_lock);	/* the fork handlers see all of it or nothing */
	core_record = record;
	core = found;
	pthread_mutex_unlock(&start_lock);
	return NULL;
}

int life_alive(void)
{
	process_check();
	return process_core() && !gate_closed();
}

static const char *refused(void) { return __atomic_load_n(&process->refused, __ATOMIC_RELAXED); }
static void refuse(const char *why) { __atomic_store_n(&process->refused, why, __ATOMIC_RELAXED); }

enum start_mode life_mode(void) { return __atomic_load_n(&mode, __ATOMIC_RELAXED); }

int life_wants(size_t n)
{
	if (!core || process_core() || refused() || life_mode() == START_NEVER || !process->known)
		return 0;
	if (process_generation == 0 || life_mode() == START_EAGER)
		return 1;
	return n >= CHILD_DRAW || __atomic_load_n(&process->direct, __ATOMIC_RELAXED) + n >= CHILD_BYTES;
}

const char *life_reason(void)
{
	if (process_core())
		return gate_closed();
	if (missing)
		return missing;
	if (!process->known)
		return "this process was made by a clone(2) that went past the fork handlers";
	if (refused())
		return refused();
	if (life_mode() == START_NEVER)
		return "start is \"never\"";
	if (gate_closed())
		return gate_closed();
	if (process_generation)
		return "a forked child starts a core when it has drawn about a megabyte";
	return "nothing has been drawn yet";
}

/* Signals held, start_lock too. random: 16 fresh bytes for Go's own use. */
static void start_with(unsigned char random[16])
{
	struct visit v;

	const char *why = limits_refuse();
	if (why) {
		refuse(why);
		return;
	}
	/* In a child always: what fork has wiped of the library's data must come back. */
	if ((dirty || process_generation) && core->reset(core_record)) {
		core->dismiss(core_record);
		refuse("the parent's core cannot be undone");
		return;
	}
	dirty = 1;
	core->start(core_record, random, (int)gate_processors());

	if (gate_open(&v, 1)) {
		core->release(core_record);
		refuse("a thread cannot enter the core: signals or memory are refused (seccomp, a limit)");
		return;
	}
	process->core_watched = clones_now();
	/* The runtime starts in a thread of its own; the first call waits until it has. */
	int error = core->seed(gate_places(), keystream_name);
	core->release(core_record);
	if (!error)
		events_deliver();
	gate_close(&v);
	if (error)
		refuse("the core could not be seeded");
	else
		__atomic_store_n(&process->core, ++starts, __ATOMIC_RELEASE);
}

static void start(void)
{
	unsigned char random[16];
	if (kernel_read(random, sizeof random) == 0)	/* else the draw that wanted the core gets the same answer, and says it */
		start_with(random);
	erase(random, sizeof random);
}

/* Before start_lock is taken: a handler that forked while it is held would wait for itself. 0, or an errno. */
static int calm(sigset_t *old, int *cancel)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, cancel);
	int error = hold_signals(old);
	if (error)
		pthread_setcancelstate(*cancel, NULL);
	return error;
}

static void uncalm(const sigset_t *old, int cancel)
{
	release_signals(old);
	pthread_setcancelstate(cancel, NULL);
}

int life_start(void)
{
	sigset_t old;
	int cancel;

	stack_t stack;
	if (life_forks() || gate_closed() || (sigaltstack(NULL, &stack) == 0 && stack.ss_flags & SS_ONSTACK))
		return 0;	/* for now: the next draw asks again */
	if (calm(&old, &cancel)) {
		refuse("rt_sigprocmask is refused (seccomp)");
		return 0;
	}
	/* The child of a vfork(2) is in its parent's memory: the core's threads would be the child's, and end with it. */
	if (process->known == (uint64_t)getpid() && pthread_mutex_trylock(&start_lock) == 0) {
		if (core && !process_core() && !refused() && life_mode() != START_NEVER)
			start();
		pthread_mutex_unlock(&start_lock);
	}
	uncalm(&old, cancel);
	return process_core() != 0;
}

int life_set_mode(enum start_mode new)
{
	sigset_t old;
	int cancel, late;
	int known = process && process->known && !life_forks();	/* else no core can be starting, or this thread holds the lock */

	int calmed = calm(&old, &cancel) == 0;
	if (known)
		pthread_mutex_lock(&start_lock);
	late = new == START_NEVER && known && process_core();
	if (!late)
		__atomic_store_n(&mode, new, __ATOMIC_RELAXED);
	if (known)
		pthread_mutex_unlock(&start_lock);
	if (calmed)
		uncalm(&old, cancel);
	return late ? -1 : 0;
}

/* The thread that forks, between its prepare handler and the one after the fork. Its signals are held: a C handler that
 * interrupted it there, and forked itself, would wait for start_lock for ever. A fork handler of somebody else's may
 * fork as well, and comes here again. */
static pthread_t forker;
static unsigned fork_depth;	/* inherited; 0 in a child from life_child() on */
static sigset_t fork_mask;

int life_forks(void)
{
	return __atomic_load_n(&fork_depth, __ATOMIC_RELAXED) && __atomic_load_n(&forker, __ATOMIC_RELAXED) == pthread_self();
}

void life_prepare(void)
{
	sigset_t old;
	if (life_forks()) {
		fork_depth++;
		return;
	}
	hold_signals(&old);
	pthread_mutex_lock(&start_lock);
	__atomic_store_n(&forker, pthread_self(), __ATOMIC_RELAXED);
	__atomic_store_n(&fork_depth, 1, __ATOMIC_RELAXED);
	fork_mask = old;
	if (core)
		core->prepare(core_record);
}

void life_parent(void)
{
	/* 0 in the child of a fork in a prepare handler, which then goes on with the outer fork. */
	if (!fork_depth || __atomic_sub_fetch(&fork_depth, 1, __ATOMIC_RELAXED))
		return;
	sigset_t old = fork_mask;
	if (core)
		core->parent(core_record);
	pthread_mutex_unlock(&start_lock);
	release_signals(&old);
}

void life_child(void)
{
	__atomic_store_n(&fork_depth, 0, __ATOMIC_RELAXED);
	pthread_mutex_init(&start_lock, NULL);
	gate_child();
	if (core)
		core->child(core_record);
	release_signals(&fork_mask);
}
