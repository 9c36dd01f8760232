/* A lock that os.fork() holds: no child is forked while another thread uses what it guards.
 *
 * The fork takes it in a hook of Python's, because a thread that waits must release the GIL. In the child our fork handler
 * releases it. In the parent a hook of Python's does: os.forkpty() may fail before it forks, and then no handler runs. The
 * hooks are C functions. After a fork each page is copy-on-write, and each object that Python code touches is a page fault. */
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "guard/fork.h"
#include "guard/process.h"
#include "python/front.h"

static uintptr_t holder;	/* its pthread_self(); 0: nobody holds it */
static unsigned times;	/* how often the holder has taken it */
static unsigned forks;	/* how many of these times were for a fork */

/* Threads that nap. A newcomer lets them go first. Otherwise a thread that takes the lock again and again would starve them. */
static unsigned waiting;

static int is_mine(void) { return __atomic_load_n(&holder, __ATOMIC_RELAXED) == (uintptr_t)pthread_self(); }

static int take(int has_waited)
{
	uintptr_t nobody = 0;
	if (!is_mine() && ((!has_waited && __atomic_load_n(&waiting, __ATOMIC_RELAXED)) ||
			!__atomic_compare_exchange_n(&holder, &nobody, (uintptr_t)pthread_self(), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return 0;
	times++;
	return 1;
}

/* 0, or -1 with a signal handler's exception set. A fork is not interrupted. */
static int wait_for_it(int is_fork)
{
	static const struct timespec nap = {0, 500000};
	int error = 0;
	if (take(0))
		return 0;
	__atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED);
	do {
		Py_BEGIN_ALLOW_THREADS
		nanosleep(&nap, NULL);
		Py_END_ALLOW_THREADS
		error = is_fork ? 0 : PyErr_CheckSignals();
	} while (!error && !take(1));
	__atomic_sub_fetch(&waiting, 1, __ATOMIC_RELAXED);
	return error;
}

static void leave(void)
{
	if (--times == 0)
		__atomic_store_n(&holder, 0, __ATOMIC_RELEASE);
}

PyObject *forklock_enter(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	if (wait_for_it(0))
		return NULL;
	Py_RETURN_NONE;
}

PyObject *forklock_exit(PyObject *module, PyObject *exception)
{
	(void)module, (void)exception;
	leave();
	Py_RETURN_NONE;
}

/* In children of a process that was made by a raw clone(2) no hook of ours runs, so nothing would release the lock there. */
PyObject *forklock_before_fork(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	fork_check();
	if (process->known) {
		wait_for_it(1);
		forks++;
	}
	Py_RETURN_NONE;
}

/* Does nothing for a fork that did not take the lock, because it began before the hook was registered. */
PyObject *forklock_after_fork(PyObject *module, PyObject *unused)
{
	(void)module, (void)unused;
	if (is_mine() && forks) {
		forks--;
		leave();
	}
	Py_RETURN_NONE;
}

/* The holder may be a thread that does not exist here. A child of forks within forks is in none of them. */
static void child(void)
{
	waiting = 0;
	times = is_mine() ? times - forks : 0;
	forks = 0;
	if (times == 0)
		__atomic_store_n(&holder, 0, __ATOMIC_RELEASE);
}

int forklock_init(void)
{
	static struct fork_hook hook = {.place = FORK_LOCKS, .child = child};
	fork_register(&hook);
	return 0;
}
