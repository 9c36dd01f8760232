/* Ready bytes carry a stamp of when and where they were made. They are stale once it no longer holds: in another process, on
 * a restored machine, after a reseed, and in the next second of the system's clock.
 *
 * Check the stamp after the bytes have been taken, and erased at their source. An earlier check would prove nothing: between
 * the two, the machine may be saved or a signal handler may fork. */
#pragma once

#include "guard/clock.h"
#include "guard/process.h"
#include "guard/restore.h"

struct stamp {
	uint64_t epoch;	/* of stamp_epoch; 0: never holds, as in a child that finds it wiped */
	uint64_t process;	/* process_stamp() */
	uint64_t restore;	/* restore_now() */
	uint32_t second;	/* if no monitor reports restores, two copies of a machine share bytes until it changes */
};

#pragma GCC visibility push(hidden)
extern uint64_t stamp_epoch;	/* counts reseeds and forks; never 0 */
#pragma GCC visibility pop

static inline void stamp_all_stale(void) { __atomic_add_fetch(&stamp_epoch, 1, __ATOMIC_SEQ_CST); }

/* time() costs a third of what a finer clock does. */
static inline struct stamp stamp_now(void)
{
	uint64_t epoch = __atomic_load_n(&stamp_epoch, __ATOMIC_SEQ_CST);
	return (struct stamp){epoch, process_stamp(), restore_now(), clock_second()};
}

/* Each field is loaded and stored whole, because signal handlers and other threads use it meanwhile. */
static inline uint64_t stamp_field(const uint64_t *field) { return __atomic_load_n(field, __ATOMIC_RELAXED); }

static inline void stamp_put(struct stamp *to, const struct stamp *from)
{
	__atomic_store_n(&to->second, from->second, __ATOMIC_RELAXED);
	__atomic_store_n(&to->process, from->process, __ATOMIC_RELAXED);
	__atomic_store_n(&to->restore, from->restore, __ATOMIC_RELAXED);
	__atomic_store_n(&to->epoch, from->epoch, __ATOMIC_RELAXED);
}

/* For bytes in memory that fork wipes. A wiped stamp never holds, so the process need not be compared. */
static inline int stamp_holds(const struct stamp *s)
{
	return stamp_field(&s->epoch) == stamp_field(&stamp_epoch) && s->second == clock_second()
		&& stamp_field(&s->restore) == restore_now();
}

/* For a draw in progress, which may take long and which a reseed does not affect: same process, same machine? */
static inline int stamp_is_here(const struct stamp *s)
{
	return stamp_field(&s->process) == process_stamp() && stamp_field(&s->restore) == restore_now();
}
