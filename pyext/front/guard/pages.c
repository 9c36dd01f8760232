#define _GNU_SOURCE
#include <sys/mman.h>

#include "guard/pages.h"

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

/* Linux does since 4.14. qemu-user 7.2 and some sandboxes answer 0 to any advice, and wipe nothing. */
void pages_init(void)
{
	void *page = map(PAGE);
	if (!page)
		return;
	pages_wiped_at_fork = madvise(page, PAGE, MADV_BOGUS) != 0 && madvise(page, PAGE, MADV_WIPEONFORK) == 0;
	munmap(page, PAGE);
}

/* Where advice may be refused, or believed for no reason, a lack of it is no failure. */
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

void pages_lock(void *pages, size_t bytes) { (void)mlock(pages, bytes); }	/* RLIMIT_MEMLOCK may be small */
