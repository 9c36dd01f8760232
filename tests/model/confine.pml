/* A limit or a filter (seccomp) that comes after the checks never ends the process.
 *
 * Go ends the process when it is refused a thread, memory, a signal stack or a mask. So a core starts and is entered only
 * with all of that at hand: front/runtime/limits.c, gate.c and start.c, core/threads.c and memory.c. A host's thread draws: its
 * first draw starts a core, the next ones enter it. Another thread lowers limits at any time. It installs filters at any time
 * except in the moments that SECURITY.md ("Threads that stay") names, which are counted in `moments`. Between its draws the
 * first thread may confine itself as it likes: there must be no such moment then. */
#include "model.h"

#define DRAWS 3
#define SLEEPERS 4	/* that there is room for */
#define AT_START 2	/* threads that a start takes from the sleepers, at most */
#define RESERVE 1	/* that must be asleep before a thread enters: Go takes no more at a time */

bool no_thread, no_memory;	/* limits */
bool no_stack, no_mask, no_begin, trapped;	/* filters: sigaltstack, rt_sigprocmask, what glibc begins a thread with; SIGSYS has a handler */

byte moments;	/* threads that are where a filter may not come */
bool in_vain;	/* has a start been given up after the runtime had begun? */

/* core/internal.h, struct record */
byte made, called, on_their_way;
bool reserve;	/* memory held for the start */
bool awake[SLEEPERS];
bool ended;	/* core_threads_end() */

bool alive, refused, is_up;
byte draws = DRAWS;

/* Go asks for a thread: __wrap_pthread_create(). */
inline go_takes_thread()
{
	atomic {
		if
		:: called < made -> on_their_way++; awake[called] = 1; called++
		:: else -> assert((!no_thread && !no_begin) || in_vain)	/* made directly */
		fi
	}
}

/* Go asks for memory: __wrap_mmap(). */
inline go_maps()
{
	atomic {
		if
		:: !no_memory
		:: no_memory && reserve -> reserve = 0	/* given up, and tried again */
		:: else -> assert(in_vain)
		fi
	}
}

/* core/threads.c, sleeper() */
proctype Sleeper(byte i)
{
	bool is_refused;

	assert(!no_begin);	/* glibc's own first calls */
	atomic { on_their_way--; moments-- };	/* is_there() */
end_asleep:
	awake[i] || ended;
	if
	:: ended -> goto gone
	:: else
	fi;
	atomic {
		is_refused = GUARD(GO_IS_REFUSED) && (no_stack || no_mask);
		moments = moments + !is_refused
	};
	on_their_way--;	/* is_there() */
	if
	:: is_refused ->
end_refused:	false	/* forever */
	:: else
	fi;
	assert(!no_stack && !no_mask);	/* Go's first calls in a thread */
	if
	:: i == 0 -> go_maps(); go_takes_thread(); is_up = 1	/* the runtime starts in a thread of its own */
	:: else
	fi;
	moments--;
gone:	skip
}

/* core_threads_make(), until so many are asleep. The result is in `enough`. */
inline threads_make(wanted)
{
	enough = 1;
	do
	:: made - called >= wanted -> break
	:: made - called < wanted && (no_thread || (GUARD(RSEQ_IS_REFUSED) && no_begin)) -> enough = 0; break
	:: atomic { made - called < wanted && !no_thread && !(GUARD(RSEQ_IS_REFUSED) && no_begin) ->
		on_their_way++; moments++; run Sleeper(made); made++ }
	od
}

/* core_threads_wait(). The nap after it lets a woken thread make Go's first calls. That is a matter of time, and the model
 * assumes that it is long enough. */
inline threads_wait()
{
	if
	:: GUARD(THREADS_WAIT) -> on_their_way == 0
	:: else
	fi;
	if
	:: GUARD(LAST_NAP) -> moments == inside
	:: else
	fi
}

/* runtime/gate.c, hold() and has_what_go_needs(). From the last check on the thread is in one of the moments. */
inline gate_open()
{
	atomic {
		open = 1;
		if
		:: GUARD(GATE_CLOSED) && trapped -> open = 0
		:: GUARD(MASK_LOOKED_AT) && no_mask -> open = 0
		:: GUARD(STACK_LOOKED_AT) && no_stack -> open = 0
		:: else -> moments++; inside = 1
		fi
	}
}

active proctype Draws()
{
	bool enough, open;
	byte inside;

end_draws:
	do
	:: atomic { draws > 0 -> draws-- };
		if
		:: !alive && !refused -> goto start
		:: alive -> goto enter
		:: refused -> goto drawn
		fi;
start:
		/* start_core(), start() */
		atomic {
			if
			:: GUARD(CAN_BLOCK) && no_mask -> refused = 1; goto drawn
			:: GUARD(CAN_STACK) && no_stack -> refused = 1; goto drawn
			:: else
			fi
		};
		/* limits_refuse() */
		atomic {
			if
			:: no_memory -> refused = 1; goto drawn
			:: else -> reserve = GUARD(RESERVED)
			fi
		};
		if
		:: GUARD(THREADS_FIRST) -> threads_make(AT_START + RESERVE)
		:: else -> enough = 1
		fi;
		if
		:: !enough -> ended = 1; atomic { refused = 1; reserve = 0; made = 0 }; goto left
		:: else
		fi;
		/* core_start(). From here on Go must get what it asks for */
		go_takes_thread();
		gate_open();
		if
		:: !open -> atomic { reserve = 0; refused = 1; in_vain = 1 }; goto drawn	/* not waiting for what has begun */
		:: else
		fi;
		is_up;	/* core->seed(): the first call waits */
		atomic { assert(!no_stack && !no_mask && !trapped); reserve = 0 };
		threads_wait();
		atomic { alive = 1; moments--; inside = 0 };
		goto drawn;
enter:
		/* limits_threads() */
		if
		:: GUARD(LIMITS_THREADS) -> threads_make(RESERVE)
		:: else -> enough = 1
		fi;
		if
		:: !enough -> goto left
		:: else
		fi;
		gate_open();
		if
		:: !open -> goto left
		:: else
		fi;
		assert(!no_stack && !no_mask && !trapped);
		if
		:: go_takes_thread()
		:: skip
		fi;
		threads_wait();
		atomic { moments--; inside = 0; goto drawn };
left:
		threads_wait();
drawn:
		atomic {
			assert(moments == 0 || in_vain);	/* a program may confine itself as soon as its draw returns */
			enough = 0; open = 0
		}
	od
}

active proctype Another()
{
end_another:
	do
	:: atomic { !no_thread -> no_thread = 1 }
	:: atomic { !no_memory -> no_memory = 1 }
	:: atomic { !no_stack && moments == 0 -> no_stack = 1 }
	:: atomic { !no_mask && moments == 0 -> no_mask = 1 }
	:: atomic { !no_begin && moments == 0 -> no_begin = 1 }
	:: atomic { !trapped && moments == 0 -> trapped = 1 }
	od
}
