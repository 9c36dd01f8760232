/* Which process is this? Forks are told by a page that the kernel wipes in the child, whatever
 * called fork or clone: nothing has to be called. The fork handlers only tidy up.
 *
 * Where the kernel has no MADV_WIPEONFORK (before 4.14) or an emulator only says so, the handlers and a
 * look at the PID before each draw do the wiping. A PID alone is never proof, since PIDs are used again;
 * here it only has to catch the clone(2) that went past the handlers while its parent still lives. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "front.h"
#include "openssl/openssl.h"
#include "guard/signals.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#define MADV_BOGUS 12345	/* no kernel knows it */

struct process *process;
int process_wipes;
unsigned process_generation;

static pid_t pid;	/* of the process that the handlers saw last; read only where !process_wipes */

uint64_t process_make_stamp(void)
{
	/* The count is inherited, so the stamps of a child are other ones than those of its ancestors. */
	static uint64_t stamps;
	uint64_t none = 0, new = __atomic_add_fetch(&stamps, 1, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n(&process->stamp, &none, new, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ? new : none;
}

void process_lock_pages(void *pages, size_t n)
{
	(void)mlock(pages, n);	/* best effort: RLIMIT_MEMLOCK may be small */
}

void *process_wiped_pages(size_t n)
{
	void *pages = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return NULL;
	if (process_wipes && (madvise(pages, n, MADV_WIPEONFORK) || madvise(pages, n, MADV_DONTDUMP))) {
		munmap(pages, n);
		return NULL;
	}
	return pages;
}

void *process_secret_pages(size_t n)
{
	void *pages = process_wiped_pages(n);
	if (pages)
		process_lock_pages(pages, n);
	return pages;
}

/* qemu-user 7.2 and some sandboxes answer 0 to any advice, and wipe nothing. */
static int kernel_wipes(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 0;
	int wipes = madvise(page, PAGE, MADV_BOGUS) != 0 && madvise(page, PAGE, MADV_WIPEONFORK) == 0;
	munmap(page, PAGE);
	return wipes;
}

/* Set by the prepare handler: this process came from a raw clone(2), so a lock of ours may be held by a
 * thread that does not exist here. It and its children stay in direct mode and touch no lock. */
static int tainted;

static void prepare(void)
{
	process_check();
	/* A child is not known before its own handler has run, and one of somebody else's may come first and fork. */
	if (!process->known && !life_forks())
		tainted = 1;
	if (!tainted)
		life_prepare();
}

static void parent(void)
{
	if (!tainted)
		life_parent();
}

/* A handler that drew in the middle would find bytes that the parent has too, or have its fresh ones erased in a page that
 * says that they are ready. So would one that came when the PID was known, but nothing wiped yet. */
static void wipe(void)
{
	sigset_t old;
	hold_signals(&old);
	uint64_t stamp = process_wipes ? process->stamp : 0;	/* where nothing is wiped it may be the parent's */
	memset(process, 0, sizeof *process);
	pool_child(stamp);
	secret_child();
	events_child();
	openssl_child();
	pid = getpid();
	release_signals(&old);
}

static void child(void)
{
	process_generation++;
	wipe();
	if (!tainted) {
		process->known = (uint64_t)pid;
		life_child();
	}
}

void process_check(void)
{
	if (!process_wipes && pid != getpid())
		wipe();
}

int process_init(void)
{
	process_wipes = kernel_wipes();
	pid = getpid();
	process = process_secret_pages(PAGE);
	if (!process)
		return ENOMEM;
	process->known = (uint64_t)pid;
	return 0;
}

int process_watch_forks(void) { return pthread_atfork(prepare, parent, child); }
