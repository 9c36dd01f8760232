#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard/process.h"
#include "guard/stamp.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#define MADV_BOGUS 12345	/* no kernel knows it */

int pages_wiped_at_fork;

static void *map(size_t bytes)
{
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages == MAP_FAILED ? NULL : pages;
}

/* Linux can wipe pages from 4.14 on. qemu-user 7.2 and some sandboxes accept any advice, and wipe nothing. */
static void find_whether_fork_wipes(void)
{
	void *page = map(PAGE);
	if (!page)
		return;
	pages_wiped_at_fork = madvise(page, PAGE, MADV_BOGUS) != 0 && madvise(page, PAGE, MADV_WIPEONFORK) == 0;
	munmap(page, PAGE);
}

/* Where the kernel may refuse advice, or accept it without effect (pages_wiped_at_fork is 0), none is given. */
void *pages_new(size_t bytes, enum pages kind)
{
	void *pages = map(bytes);
	if (pages && pages_wiped_at_fork
	    && (madvise(pages, bytes, MADV_DONTDUMP) || (kind == PAGES_WIPED && madvise(pages, bytes, MADV_WIPEONFORK)))) {
		munmap(pages, bytes);
		return NULL;
	}
	return pages;
}

/* No system call says so. But locked memory cannot be dropped, not even a page that is absent: madvise fails with EINVAL,
 * with MCL_ONFAULT too. This populates nothing, and Go gives the same advice anyway, so filters already expect it. */
int pages_locked_in_advance(void)
{
	void *page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return errno == EAGAIN;	/* RLIMIT_MEMLOCK is reached */
	/* MADV_NORMAL must succeed: a filter may answer EINVAL to all advice. */
	int locked = madvise(page, PAGE, MADV_NORMAL) == 0 && madvise(page, PAGE, MADV_DONTNEED) && errno == EINVAL;
	munmap(page, PAGE);
	return locked;
}

void pages_lock(void *pages, size_t bytes) { (void)mlock(pages, bytes); }	/* RLIMIT_MEMLOCK may be small */

struct process *process;
uint64_t stamp_epoch = 1;

static size_t kept = sizeof(struct process), locks = PAGE;	/* the page is given out below kept, and from locks on */

int process_init(void)
{
	find_whether_fork_wipes();
	process = pages_new(PAGE, PAGES_WIPED);
	if (!process)
		return errno;
	pages_lock(process, PAGE);
	process->known = (uint64_t)getpid();
	return 0;
}

void *process_keep(size_t n)
{
	size_t at = kept, size = (n + 15) / 16 * 16;
	if (size > locks - at)
		return NULL;
	kept += size;
	return (char *)process + at;
}

int *process_keep_lock(void)
{
	if (locks - kept < sizeof(int))
		return NULL;
	locks -= sizeof(int);
	return (int *)((char *)process + locks);
}

uint64_t process_make_stamp(void)
{
	/* The count is inherited, so a child's stamp differs from those of its ancestors. */
	static uint64_t stamps;
	uint64_t none = 0, new = __atomic_add_fetch(&stamps, 1, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n(&process->stamp, &none, new, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ? new : none;
}
