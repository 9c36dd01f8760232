/* The three handlers of pthread_atfork(), registered once, and what they call. They only tidy up. What keeps a child from
 * drawing its parent's bytes is the kernel, which wipes the pages, and the stamps. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "guard/fork.h"
#include "guard/process.h"
#include "guard/signals.h"
#include "guard/stamp.h"

unsigned fork_generation;

static struct fork_hook *hooks;	/* in the order of their places */
static pid_t pid;	/* of the last process that the handlers saw; read only where fork wipes no pages */

/* This process was made by a raw clone(2) and has forked, so a thread that does not exist here may hold a lock of ours. The
 * process and its children stay in direct mode, and the handlers take no locks. */
static int is_tainted;

/* The thread that forks, from its prepare handler to its parent or child handler. Its signals are held: a signal handler
 * that interrupted it there and forked would wait forever for a lock of the prepare hooks. A fork handler of another
 * library may fork as well, and then enters these handlers again. */
static pthread_t forker;
static unsigned depth;	/* of forks within forks. Inherited; a child sets it to 0 before its child hooks */
static struct held held;

int fork_is_underway(void)
{
	return __atomic_load_n(&depth, __ATOMIC_RELAXED) && __atomic_load_n(&forker, __ATOMIC_RELAXED) == pthread_self();
}

/* Another thread may fork meanwhile. It sees the list either without the new hook or with it. */
void fork_register(struct fork_hook *new)
{
	struct fork_hook **at = &hooks;
	while (*at && (*at)->place <= new->place)
		at = &(*at)->next;
	new->next = *at;
	__atomic_store_n(at, new, __ATOMIC_RELEASE);
}

static struct fork_hook *after(struct fork_hook *const *at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }

#define FOR_EACH(hook) for (struct fork_hook *hook = after(&hooks); hook; hook = after(&hook->next))

static void prepare(void)
{
	struct held now;

	fork_check();
	/* A child is not known until our child handler has run. Another library's handler may run first and fork. */
	if (!process->known && !fork_is_underway())
		is_tainted = 1;
	if (is_tainted)
		return;
	if (fork_is_underway()) {
		depth++;
		return;
	}
	hold_signals(&now);
	FOR_EACH (hook)
		if (hook->prepare)
			hook->prepare();
	__atomic_store_n(&forker, pthread_self(), __ATOMIC_RELAXED);
	__atomic_store_n(&depth, 1, __ATOMIC_RELAXED);
	held = now;
}

static void parent(void)
{
	/* depth is 0 in the child of a fork that a prepare handler made. That child continues with the outer fork. */
	if (is_tainted || !depth || __atomic_sub_fetch(&depth, 1, __ATOMIC_RELAXED))
		return;
	struct held before = held;
	FOR_EACH (hook)
		if (hook->parent)
			hook->parent();
	release_signals(&before);
}

/* Signals are held. A handler that drew in the middle would get bytes that the parent also has, or its fresh bytes would be
 * erased in a page that marks them as ready. The same holds if it ran with the PID stored and nothing wiped yet. */
static void wipe(void)
{
	struct held here;
	hold_signals(&here);
	memset(process, 0, PAGE);	/* already zero where the kernel wipes */
	stamp_all_stale();
	FOR_EACH (hook)
		if (hook->wipe)
			hook->wipe();
	pid = getpid();
	release_signals(&here);
}

static void child(void)
{
	/* Another library's child handler ran before this one and forked. This is that fork's child: it continues with the outer
	 * fork, and may have a core by now. Where fork wipes nothing there is no core, and running twice does no harm. */
	if (pages_wiped_at_fork && process->known)
		return;
	fork_generation++;
	wipe();
	if (is_tainted)
		return;
	process->known = (uint64_t)pid;
	__atomic_store_n(&depth, 0, __ATOMIC_RELAXED);
	FOR_EACH (hook)
		if (hook->child)
			hook->child();
	release_signals(&held);
}

int fork_notice(void)
{
	if (pid == getpid())
		return 0;
	wipe();
	return 1;
}

int fork_init(void)
{
	pid = getpid();
	return pthread_atfork(prepare, parent, child);
}
