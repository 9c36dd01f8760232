/* A program's own events. With a core they go to its pools; without one they wait here, the newest
 * hundred, in a page that is wiped at fork. They act by Fortuna's rule and are never needed: each seed has
 * the kernel's bytes. */
#include <errno.h>
#include <string.h>

#include "front.h"
#include "lock.h"

#define KEPT 100

struct event { unsigned char source, n, data[EVENT_BYTES]; };
struct kept { uint32_t count; struct event event[KEPT]; };

_Static_assert(sizeof(struct kept) <= PAGE, "kept events fill a page");

static struct kept *kept;
static int lock;

void events_child(void) { lock_leave(&lock); }

int events_init(void)
{
	kept = process_secret_pages(PAGE);
	return kept ? 0 : ENOMEM;
}

static void keep(int source, const void *data, size_t n)
{
	if (!lock_take(&lock))	/* no core will ever come to a raw clone */
		return;
	struct event *e = &kept->event[kept->count++ % KEPT];
	e->source = (unsigned char)source;
	e->n = (unsigned char)n;
	memcpy(e->data, data, n);
	lock_leave(&lock);
}

int events_add(int source, const void *data, size_t n)
{
	struct visit v;
	process_check();
	if (gate_enter(&v, 10000000)) {
		keep(source, data, n);
		return 0;
	}
	int r = core->event(source, data, n);
	gate_leave(&v);
	return r == 0 ? 0 : r > 0 ? r : EIO;
}

void events_deliver(void)
{
	if (!lock_take(&lock))
		return;
	uint32_t n = kept->count < KEPT ? kept->count : KEPT;
	for (uint32_t i = 0; i < n; i++)
		core->event(kept->event[i].source, kept->event[i].data, kept->event[i].n);
	memset(kept, 0, sizeof *kept);
	lock_leave(&lock);
}
