/* The library with the Go core, which is mapped at import and dormant until a process starts it (start.h). */
#ifndef GORANDOM_RUNTIME_LIBRARY_H
#define GORANDOM_RUNTIME_LIBRARY_H

#include "core/core.h"
#include "guard/stamp.h"

#pragma GCC visibility push(hidden)

extern const struct gorandom_core *core;	/* NULL: the library cannot be had */
extern struct record *core_record;
extern unsigned core_lanes;	/* generators of a core: as many draws can be in Go at once */
static inline unsigned core_processors(void) { return core_lanes + 1; }	/* Go's: one more for calls that are no draws */

/* Of this process's own core. Zero in a child. */
struct core_state {
	uint64_t alive;	/* non-zero: it has been started. Another number in each process that has one. Read by core_alive() */
	struct stamp seeded;	/* when it was seeded last */
	const char *refused;	/* why this process gets none */
};
extern struct core_state *core_state;

/* Whoever has seen a core sees all that its start has written, too. */
static inline uint64_t core_alive(void) { return __atomic_load_n(&core_state->alive, __ATOMIC_ACQUIRE); }

int library_init(void);	/* once. 0, or an errno */

/* Once, after it. NULL, or why the import must fail. The caller sets core to what was loaded, NULL if nothing was. */
const char *library_load(const char *path, const struct gorandom_core **loaded);
const char *library_missing(void);	/* why there is none, so no core in any process of this lineage; NULL: there is */

#pragma GCC visibility pop

#endif
