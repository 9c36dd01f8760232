/* Memory for the keys that Python objects hold: left out of core dumps, locked if possible, erased as it is given
 * back. Not wiped at fork: a child goes on with the keys of its parent, as with any object.
 *
 * Pages are cut into pieces of one size and never given back to the system. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "pure/erase.h"
#include "front.h"
#include "guard/lock.h"

#define SMALLEST 64	/* bytes of a piece; the next sizes are twice as large each, up to SECRET_MOST */
#define SIZES 5

_Static_assert(SMALLEST << (SIZES - 1) == SECRET_MOST, "the largest piece");

struct piece { struct piece *next; };

static struct piece *spare[SIZES];	/* erased pieces, a list for each size */
static int lock;	/* of the lists. Each change of a list is one store, so it is whole in any child */

void secret_child(void) { lock_leave(&lock); }

static int class_of(size_t n)
{
	int c = 0;
	while ((size_t)SMALLEST << c < n)
		c++;
	return c;
}

static void *new_page(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, PAGE, MADV_DONTDUMP)) {
		munmap(page, PAGE);
		return NULL;
	}
	process_lock_pages(page, PAGE);
	return page;
}

static void put(int c, void *p)
{
	struct piece *piece = p;
	piece->next = spare[c];
	spare[c] = piece;
}

void *secret_take(size_t n)
{
	int c = class_of(n);
	size_t size = (size_t)SMALLEST << c;
	if (n > SECRET_MOST || !lock_take(&lock))
		return NULL;
	if (!spare[c]) {
		char *page = new_page();
		for (size_t at = 0; page && at < PAGE; at += size)
			put(c, page + at);
	}
	struct piece *piece = spare[c];
	if (piece) {
		spare[c] = piece->next;
		piece->next = NULL;
	}
	lock_leave(&lock);
	return piece;
}

void secret_give(void *p, size_t n)
{
	if (!p)
		return;
	erase(p, n);
	if (lock_take(&lock)) {	/* else it is lost, erased */
		put(class_of(n), p);
		lock_leave(&lock);
	}
}
