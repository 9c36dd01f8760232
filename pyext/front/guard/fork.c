/* The three handlers of pthread_atfork(), registered once, and what they call. They only tidy up: that a child draws no byte
 * of its parent's is the work of the kernel, which wipes the pages, and of the stamps. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "guard/fork.h"
#include "guard/process.h"
#include "guard/signals.h"
#include "guard/stamp.h"

unsigned fork_generation;

static struct fork_hook *hooks;	/* in the order of their places */
static pid_t pid;	/* of the process that the handlers saw last; read only where fork wipes no pages */

/* This process came from a raw clone(2) and forks, so a lock of ours may be held by a thread that does not exist here. It
 * and its children stay in direct mode, and the handlers take none. */
static int is_tainted;

/* The thread that forks, between its prepare handler and the one after the fork. Its signals are held: a C handler that
 * interrupted it there, and forked itself, would wait for a lock of the prepare hooks for ever. A fork handler of somebody
 * else's may fork as well, and comes here again. */
static pthread_t forker;
static unsigned depth;	/* of forks within forks. Inherited; 0 in a child when its hooks have run */
static struct held held;

int fork_is_underway(void)
{
	return __atomic_load_n(&depth, __ATOMIC_RELAXED) && __atomic_load_n(&forker, __ATOMIC_RELAXED) == pthread_self();
}

/* Another thread may fork meanwhile: it meets the list without the new hook or with it. */
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
	/* A child is not known before its own handler has run, and one of somebody else's may come first and fork. */
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
	/* 0 in the child of a fork in a prepare handler, which then goes on with the outer fork. */
	if (is_tainted || !depth || __atomic_sub_fetch(&depth, 1, __ATOMIC_RELAXED))
		return;
	struct held before = held;
	FOR_EACH (hook)
		if (hook->parent)
			hook->parent();
	release_signals(&before);
}

/* A handler that drew in the middle would find bytes that the parent has too, or have its fresh ones erased in a page that
 * says that they are ready. So would one that came when the PID was known, but nothing wiped yet. */
static void wipe(void)
{
	struct held here;
	hold_signals(&here);
	memset(process, 0, PAGE);	/* it is zero already where the kernel wipes */
	stamp_all_stale();
	FOR_EACH (hook)
		if (hook->wipe)
			hook->wipe();
	pid = getpid();
	release_signals(&here);
}

static void child(void)
{
	/* Another library's child handler, which came before this one, has forked. This is its child, which goes on with the outer
	 * fork and may have a core by now. Where fork wipes nothing there is no core, and a second time does no harm. */
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
