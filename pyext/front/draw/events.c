/* A program's own events. With a core they go to its pools. Without one the newest hundred wait here, in
 * memory that fork wipes. They take effect by Fortuna's rules, and nothing depends on them: every seed has
 * the kernel's bytes. */
#include <errno.h>
#include <string.h>

#include "draw/draw.h"
#include "guard/fork.h"
#include "guard/lock.h"
#include "guard/process.h"
#include "guard/signals.h"
#include "runtime/runtime.h"

#define KEPT 100

struct event { unsigned char source, n, data[EVENT_BYTES]; };
struct kept { uint32_t count; struct event event[KEPT]; };

static struct kept *kept;
static int *lock;

int events_init(void)
{
	kept = process_keep(sizeof *kept);
	lock = process_keep_lock();
	return kept && lock ? 0 : ENOMEM;
}

static void keep(int source, const void *data, size_t n)
{
	struct held held;
	hold_signals(&held);	/* a handler that adds an event would wait for the lock forever */
	lock_take(lock);
	struct event *e = &kept->event[kept->count++ % KEPT];
	e->source = (unsigned char)source;
	e->n = (unsigned char)n;
	memcpy(e->data, data, n);
	lock_leave(lock);
	release_signals(&held);
}

int events_add(int source, const void *data, size_t n)
{
	struct visit v;
	fork_check();
	if (gate_enter_aside(&v)) {
		keep(source, data, n);
		return 0;
	}
	events_deliver();	/* what was kept while no thread could enter */
	int r = core->event(source, data, n);
	gate_leave(&v);
	return r == 0 ? 0 : r > 0 ? r : EIO;
}

void events_deliver(void)
{
	if (!__atomic_load_n(&kept->count, __ATOMIC_RELAXED))
		return;
	lock_take(lock);
	uint32_t n = kept->count < KEPT ? kept->count : KEPT;
	for (uint32_t i = 0; i < n; i++)
		core->event(kept->event[i].source, kept->event[i].data, kept->event[i].n);
	memset(kept, 0, sizeof *kept);
	lock_leave(lock);
}

void events_flush(void)
{
	struct visit v;
	if (!__atomic_load_n(&kept->count, __ATOMIC_RELAXED) || gate_enter_aside(&v))
		return;
	events_deliver();
	gate_leave(&v);
}
