/* Memory for the keys that Python objects hold: left out of core dumps, locked if possible, erased when it is given
 * back. Fork does not wipe it: a child keeps its parent's keys, as it keeps all objects.
 *
 * A page is cut into pieces of one size and never returned to the system. A larger key has pages of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "guard/lock.h"
#include "guard/process.h"
#include "guard/secret.h"
#include "pure/erase.h"

#define SMALLEST 64	/* bytes of a piece; each further size is twice as large */
#define SIZES 5
#define LARGEST ((size_t)SMALLEST << (SIZES - 1))

struct piece { struct piece *next; };

static struct piece *spare[SIZES];	/* erased pieces, a list for each size */
static int *lock;	/* of the lists. A list changes by a single store, so any child finds it intact */

int secret_init(void)
{
	lock = process_keep_lock();
	return lock ? 0 : ENOMEM;
}

static int class_of(size_t n)
{
	int c = 0;
	while ((size_t)SMALLEST << c < n)
		c++;
	return c;
}

static void put(int c, void *p)
{
	struct piece *piece = p;
	piece->next = spare[c];
	spare[c] = piece;
}

static void *locked_pages(size_t n)
{
	void *pages = pages_new(n, PAGES_KEPT);
	if (pages)
		pages_lock(pages, n);
	return pages;
}

void *secret_take(size_t n)
{
	if (n > LARGEST)
		return locked_pages(n);
	int c = class_of(n);
	size_t size = (size_t)SMALLEST << c;
	lock_take(lock);
	if (!spare[c]) {
		char *page = locked_pages(PAGE);
		for (size_t at = 0; page && at < PAGE; at += size)
			put(c, page + at);
	}
	struct piece *piece = spare[c];
	if (piece) {
		spare[c] = piece->next;
		piece->next = NULL;
	}
	lock_leave(lock);
	return piece;
}

void secret_give(void *p, size_t n)
{
	if (!p)
		return;
	erase(p, n);
	if (n > LARGEST) {
		munmap(p, n);
		return;
	}
	lock_take(lock);
	put(class_of(n), p);
	lock_leave(lock);
}
