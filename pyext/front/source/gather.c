/* Linux gathers entropy by itself (since 5.4), but only while a caller is blocked in getrandom(2), and that call
 * takes no timeout. So for those who wait with one a thread blocks, at most one a process.
 *
 * It ends when the kernel's generator is ready, which may be after the wait was given up: only a signal would end
 * the call, and a library has none to spare. It has its signals held, holds no lock and knows no Python, so a
 * fork meanwhile is safe; the child does not have it and may start its own. A process whose other threads have all
 * ended lasts as long as this one. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pure/erase.h"
#include "front.h"
#include "guard/signals.h"

#define STACK ((size_t)256 << 10)	/* bytes; most of it is for the static thread-local storage of other libraries */

enum { NOT_YET, BLOCKS, ENDED };	/* process->gathers */

static void *gather(void *unused)
{
	unsigned char byte;

	(void)unused;
	/* EINTR: the C library's own signal, of a setuid() in another thread. */
	while (syscall(SYS_getrandom, &byte, 1, 0) < 0 && errno == EINTR)
		;
	erase(&byte, 1);
	__atomic_store_n(&process->gathers, ENDED, __ATOMIC_RELEASE);
	return NULL;
}

static int make_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t old;

	if (pthread_attr_init(&attr))
		return -1;
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	hold_signals(&old);
	int error = pthread_create(&thread, &attr, gather, NULL);
	release_signals(&old);
	pthread_attr_destroy(&attr);
	return error ? -1 : 0;
}

void gather_start(void)
{
	uint64_t not_yet = NOT_YET;

	/* Where it cannot be had, and past the fork handlers, the generator is looked at and no more. */
	if (process->known && __atomic_compare_exchange_n(&process->gathers, &not_yet, BLOCKS, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)
	    && make_thread())
		__atomic_store_n(&process->gathers, ENDED, __ATOMIC_RELEASE);
}

unsigned gather_threads(void) { return __atomic_load_n(&process->gathers, __ATOMIC_ACQUIRE) == BLOCKS; }
