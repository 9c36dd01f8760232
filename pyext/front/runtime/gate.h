/* The one way into Go. */
#ifndef GORANDOM_RUNTIME_GATE_H
#define GORANDOM_RUNTIME_GATE_H

#include <signal.h>
#include <stdint.h>

struct visit {	/* of a thread in Go */
	int lane, cancel;
	uint64_t mask;
	struct thread *stays;	/* the thread keeps its M */
	int binds;	/* Go does not know this thread yet, and will give it a signal stack */
	stack_t stack;	/* the host's signal stack */
	char *error;	/* Go's, for the caller to free */
};

#pragma GCC visibility push(hidden)

void gate_init(void);	/* when the library has been loaded, and in each child */

/* 0: the caller is inside and calls Go with visit->lane, then gate_leave(). -1: no live core, no place
 * within patience (ns), or no memory for another thread. Without the GIL where patience is not 0. */
int gate_enter(struct visit *, int64_t patience);
int gate_enter_aside(struct visit *);	/* the same for calls that are no draws, and need no lane. Waits some seconds at most */
const char *gate_closed(void);	/* why no thread enters now, though there may be a core; NULL: they do */
void gate_leave(struct visit *);
int gate_open(struct visit *, int is_held);	/* the same without place and core: for the start, which holds what Go will want */
void gate_close(struct visit *);

#pragma GCC visibility pop

#endif
