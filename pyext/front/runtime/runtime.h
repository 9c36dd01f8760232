/* The door into Go: the library with the core, which threads may enter, and when a process gets a core of its own. */
#pragma once

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "guard/stamp.h"

#pragma GCC visibility push(hidden)

/* ---- library.c ---- */

extern const struct gorandom_core *core;	/* NULL: the library is not loaded */
extern struct record *core_record;
extern unsigned core_lanes;	/* generators of a core, and the most draws that can be in Go at once */
static inline unsigned core_processors(void) { return core_lanes + 1; }	/* Go's: one more, for calls that are not draws */

/* The state of this process's own core. Zero in a child. */
struct core_state {
	uint64_t alive;	/* non-zero: it has been started. A child's core has another number. Read it by core_alive() */
	struct stamp seeded;	/* when it was last seeded: core_stamp() */
	uint64_t direct;	/* bytes that this process has drawn without a core */
	uint64_t missed;	/* reseeds that were requested while no thread could enter it */
	const struct keystream *kernel;	/* read it by core_keystream() */
	const char *refused;	/* why this process gets no core */
};
extern struct core_state *core_state;

/* Take it before the core is seeded, and store it in seeded afterwards. Its epoch counts the missed reseeds made up for. */
static inline struct stamp core_stamp(void)
{
	struct stamp now = stamp_now();
	now.epoch = __atomic_load_n(&core_state->missed, __ATOMIC_SEQ_CST);
	return now;
}

/* A thread that sees a core also sees everything that its start has written. */
static inline uint64_t core_alive(void) { return __atomic_load_n(&core_state->alive, __ATOMIC_ACQUIRE); }

/* The AES kernel that the core uses, if C can call it; else NULL. What was read before a fork stays valid in the child. */
static inline const struct keystream *core_keystream(void) { return __atomic_load_n(&core_state->kernel, __ATOMIC_ACQUIRE); }

int library_init(void);	/* once. 0, or an errno */

/* Once, after library_init(). NULL, or why the import must fail. The caller sets core to what was loaded, NULL if nothing was.
 * spare: NULL, or why nothing may be loaded. */
const char *library_load(const char *path, const char *spare, const struct gorandom_core **loaded);
const char *library_missing(void);	/* why there is none, and no core in any process of this lineage; NULL: there is one */

/* ---- limits.c ---- */

const char *limits_spare(void);	/* why a core would take what this process may need itself; NULL: there is ample room */

/* NULL, and the core's threads have been made; or what a start would not get. */
const char *limits_refuse(void);
int limits_threads(void);	/* are there threads for Go, or can they be had? */
int limits_room(void);	/* is there still room for one more thread in Go? */

/* ---- gate.c ---- */

struct visit {	/* of a thread in Go */
	int lane, cancel;
	uint64_t mask;
	struct thread *stays;	/* not NULL: the thread keeps its M */
	int binds;	/* Go does not know this thread yet, and will give it a signal stack */
	stack_t stack;	/* the host's signal stack */
};

void gate_init(void);	/* when the library has been loaded, and in each child */

/* 0: the caller is inside. It calls Go with visit->lane, and then gate_leave(). -1: no live core, no place within patience
 * (ns), or no memory for another thread. If patience is not 0, call it without the GIL. */
int gate_enter(struct visit *, int64_t patience);
int gate_enter_aside(struct visit *);	/* the same for calls that are not draws and need no lane. Waits some seconds at most */
const char *gate_closed(void);	/* why no thread may enter now, even if there is a core; NULL: threads may enter */
void gate_leave(struct visit *);
int gate_open(struct visit *, int is_held);	/* the same without place and core. is_held: a start has reserved what Go needs */
void gate_close(struct visit *);

/* ---- start.c ---- */

enum start_mode { START_AUTO, START_EAGER, START_NEVER, START_MODES };
enum start_mode start_get_mode(void);
int start_set_mode(enum start_mode);	/* 0; -1: too late for START_NEVER. May wait some ms: call it without the GIL */

extern const char *start_keystream;	/* the AES kernel that every core of this lineage is to use; NULL: the core chooses */

int start_init(void);	/* once. 0, or an errno */
const char *start_load(const char *core_path);	/* once, after start_init(): library_load() */
int start_is_wanted(size_t n);	/* should a draw of n bytes start one? */
int start_core(void);	/* 1: a core is alive. 0 if the mode is START_NEVER. Takes milliseconds: call it without the GIL */
int start_has_core(void);	/* is one alive that can be entered? */
const char *start_reason(void);	/* why there is no core; NULL if there is */

/* ---- nthreads.c ---- */

unsigned *nthreads_find(void);	/* glibc's count of this process's threads; NULL: not found */
unsigned nthreads_of_kernel(void);	/* the kernel's count of them; 0: there is no /proc */

#pragma GCC visibility pop
