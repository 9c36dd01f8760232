/* No thread enters a Go runtime that another process has started, or one that has not been seeded. No thread waits for a lock
 * in vain. No lock and no place is left behind.
 *
 * Two threads of a process start a core, pass the gate, keep events, set the mode and fork (front/runtime/start.c and gate.c,
 * front/draw/events.c, front/guard/fork.c, core/memory.c and reset.c). A signal handler may interrupt the first one between any
 * two steps, unless it holds signals. Fork handlers of other libraries may run before and after ours. Handlers of both kinds
 * do what threads do, including forks by libc or by a raw clone(2).
 *
 * At a fork the model continues as the parent or as the child: it is one process at a time, and tries both. Neither sees the
 * other's memory, and no promise of this model is about two processes.
 *
 * These macros, set on the command line, say what may happen: see run.py. */
#include "model.h"

#ifndef FORKS
#define FORKS 1		/* that may happen, in all processes together */
#endif
#ifndef SIGNALS
#define SIGNALS 0	/* that may come to the first thread of any process */
#endif
#ifndef HOOKS
#define HOOKS 0		/* fork handlers of others that do something */
#endif
#ifndef TURNS
#define TURNS 2		/* things that the first thread does */
#endif
#ifndef SECOND
#define SECOND 0	/* and the second one */
#endif
#ifndef CHILD
#define CHILD 1		/* and the thread of a child */
#endif
#ifndef MAPPINGS
#define MAPPINGS 1	/* that Go's own threads make in each process */
#endif
#ifndef STARTED
#define STARTED 0	/* has the first process a core already? */
#endif

/* What a thread may do: -DDRAW=0 and so on. */
#ifndef DRAW
#define DRAW 1		/* a draw that wants a core, and an entry into it */
#endif
#ifndef EVENT
#define EVENT 0		/* an event to keep */
#endif
#ifndef MODE
#define MODE 0		/* configure(start=...) */
#endif
#ifndef LIBC
#define LIBC 1		/* fork() */
#endif
#ifndef RAW
#define RAW 0		/* clone(2), which bypasses all handlers */
#endif
#ifndef VFORK
#define VFORK 0		/* a child in its parent's memory, which draws */
#endif

#define LANE 1	/* places of the gate: a bit each */
#define ASIDE 2

/* Frames: the first thread, a handler that interrupts it, the second thread. A lock's value is its holder's frame plus one. */
#define FIRST 0
#define HANDLER 1
#define OTHER 2
#define GO 3	/* a thread of Go's own */
#define HOLDER (f + 1)
#define IS_SAME_THREAD(a, b) ((a) == (b) || ((a) != OTHER && (b) != OTHER))

mtype = { DORMANT, WIPED, RUNS };	/* the library's data: as loaded, zero, or with a runtime */

typedef Frame {
	bool held, held_fork;	/* the mask of signals before: of hold_signals() */
	byte place;
	bool aside, is_vfork;
};

typedef Process {
	/* Wiped at fork */
	bool known, alive, refused, seeded;
	byte event_lock;	/* 0: free */
	mtype library;

	/* Kept */
	byte start_lock, record_lock;	/* 0: free */
	byte places;	/* free ones */
	bool dirty, tainted, forked;
	byte depth, forker;	/* guard/fork.c */
	bool held;	/* and its copy of the mask */
	byte sleepers;	/* threads on record, for Go to take */
	bool reserve;	/* is memory held for a start? */
	bool half;	/* is a mapping made, but not yet advised? */
	bool masked;	/* are the first thread's signals held? */
	Frame frame[3];

	/* Of the model: not memory */
	byte generation;	/* forks that it has followed into the child */
	bool lives[3];	/* threads, by their frames */
	bool busy[3];	/* frames that are in the middle of something */
	bool in_handler;
	byte turns[3];
	byte threads;	/* sleepers that exist */
	byte inside;	/* places of threads in Go */
	bool vfork_runs;	/* the core's threads are those of a vforked child */
	byte mappings;	/* that Go's threads have yet to make */
	bool go_busy;
};

Process me;
byte forks = FORKS, signals = SIGNALS, hooks = HOOKS;

#define d me.frame[f]
#define MASKED (f != OTHER && me.masked)
#define FORK_IS_UNDERWAY (me.depth && IS_SAME_THREAD(me.forker, f))

/* guard/signals.h. Signals come only to the first thread. It and its handler share one mask. */
inline hold_signals(guard, to)
{
	atomic {
		if
		:: f == OTHER || !(guard)
		:: else -> to = me.masked; me.masked = 1
		fi
	}
}

inline release_signals(guard, from)
{
	atomic {
		if
		:: f == OTHER || !(guard)
		:: else -> me.masked = from; from = 0
		fi
	}
}

inline lock(l) { atomic { l == 0 -> l = HOLDER } }
inline unlock(l) { atomic { assert(l == HOLDER); l = 0 } }

/* The kernel's part of a fork, in the child. Other threads are gone. */
inline become_child()
{
	me.generation++;
	me.known = 0;
	me.library = WIPED;	/* core/reset.c, take_over(): MADV_WIPEONFORK */
	if
	:: GUARD(STATE_WIPED) -> me.alive = 0; me.seeded = 0; me.refused = 0	/* runtime/library.c: core_state is memory of process_keep() */
	:: else
	fi;
	if
	:: GUARD(EVENT_LOCK_WIPED) -> me.event_lock = 0	/* draw/events.c: memory of process_keep_lock() */
	:: else
	fi;
	me.in_handler = me.in_handler && f != OTHER;
	me.lives[FIRST] = (f != OTHER);
	me.lives[HANDLER] = (f != OTHER);
	me.lives[OTHER] = (f == OTHER);
	me.turns[FIRST] = CHILD;
	me.turns[OTHER] = CHILD;
	me.turns[HANDLER] = (f == HANDLER);
	me.threads = 0;
	me.go_busy = 0;
	me.inside = 0;
	me.mappings = MAPPINGS;
	me.vfork_runs = 0
}

/* A signal may come here if it is not held. Its handler runs to its end. */
#define INTERRUPT(budget, may_come) \
	if \
	:: atomic { f == FIRST && budget > 0 && (may_come) && !me.in_handler -> budget--; me.in_handler = 1 }; !me.in_handler \
	:: skip \
	fi
#define AT() INTERRUPT(signals, !me.masked)

/* A fork handler of another library may run here, signals held or not. */
#define HOOK() INTERRUPT(hooks, true)

/* Go's own threads ask for memory: core/memory.c, __wrap_mmap(). */
proctype Runtime() provided (_pid == 5 + me.generation)	/* each in one process */
{
	byte f = GO;
	do
	:: atomic { me.library == RUNS && me.mappings > 0 -> me.mappings--; me.go_busy = 1 };
		lock(me.record_lock);
		me.half = 1;
		me.half = 0;
		atomic { unlock(me.record_lock); me.go_busy = 0 }
	od
}

proctype Thread(byte f) provided (me.lives[_pid - 2])	/* numbers of processes begin at 2 here, after End and init */
{
idle:
	if
	:: atomic { f == HANDLER && me.in_handler -> me.busy[f] = 1; me.turns[f] = 1; goto next }
	:: atomic { f != HANDLER && me.turns[f] > 0 -> me.busy[f] = 1; goto next }
	fi;
next:
	atomic {
		d.place = 0;
		d.aside = 0;
		if
		:: me.turns[f] > 0 -> me.turns[f]--; goto turn
		:: else
		fi;
		assert(f != FIRST || !me.masked);	/* signals that are never released */
		assert(f == HANDLER || !FORK_IS_UNDERWAY);	/* taken forever for a thread that forks */
		me.busy[f] = 0;
		if
		:: f == HANDLER -> me.in_handler = 0
		:: else
		fi;
		goto idle
	};

turn:
	if
	:: DRAW -> d.aside = 0; goto start_core
	:: DRAW -> d.aside = 1; goto enter	/* reseed(), an event for the core */
	:: EVENT -> goto keep
	:: MODE -> goto set_mode
	:: atomic { LIBC && forks > 0 -> forks-- }; goto fork
	:: atomic { RAW && forks > 0 -> forks--; become_child(); goto next }
	:: atomic { VFORK && !d.is_vfork && f == FIRST -> d.is_vfork = 1; goto start_core }
	:: goto next
	fi;

	/* ---- runtime/start.c, start_core() ---- */
start_core:
	if
	:: GUARD(START_NOT_IN_FORK) && FORK_IS_UNDERWAY -> goto enter
	:: else
	fi;
	AT();
	hold_signals(GUARD(START_HOLDS_SIGNALS), d.held);
	AT();
	atomic {
		if
		:: GUARD(START_KNOWN) && !me.known -> goto start_released	/* a raw clone: its locks are unsound */
		:: GUARD(START_NOT_IN_VFORK) && d.is_vfork -> goto start_released	/* process->known is not getpid() */
		:: GUARD(START_LOCK) && me.start_lock != 0 -> goto start_released	/* trylock */
		:: else
		fi;
		if
		:: GUARD(START_LOCK) -> me.start_lock = HOLDER
		:: else
		fi
	};
	AT();
	if
	:: me.refused || (GUARD(ALIVE_UNDER_LOCK) && me.alive) -> goto start_unlock
	:: else
	fi;
	/* limits_refuse() */
	me.reserve = 1;
	AT();
	lock(me.record_lock);
	atomic { me.sleepers++; me.threads++ };	/* core_threads_make() */
	unlock(me.record_lock);
	AT();
	if
	:: GUARD(RESET) && (me.dirty || me.forked) ->
		atomic { assert(me.library != RUNS); me.library = DORMANT }	/* core_reset() */
	:: else
	fi;
	me.dirty = 1;
	AT();
	atomic {
		assert(me.library == DORMANT);	/* a runtime is started on the data that the loader left, and never twice */
		me.library = RUNS;
		me.vfork_runs = d.is_vfork
	};
	if
	:: GUARD(ALIVE_LAST)
	:: else -> me.alive = 1
	fi;
	AT();
	/* gate_open() may fail: then it is refused. Else core->seed(): Go takes its threads and maps memory */
	if
	:: me.refused = 1; me.reserve = 0; goto start_unlock
	:: skip
	fi;
	lock(me.record_lock);
	atomic { assert(me.sleepers > 0 && me.threads > 0); me.half = 1 };
	me.half = 0;
	unlock(me.record_lock);
	atomic { me.seeded = 1; me.reserve = 0 };
	AT();
	me.alive = 1;
start_unlock:
	if
	:: GUARD(START_LOCK) -> unlock(me.start_lock)
	:: else
	fi;
start_released:
	release_signals(GUARD(START_HOLDS_SIGNALS), d.held);
	AT();

	/* ---- runtime/gate.c, enter() ---- */
enter:
	if
	:: !me.alive -> goto drawn
	:: else
	fi;
	AT();
	if
	:: GUARD(GATE_NOT_IN_FORK) && FORK_IS_UNDERWAY -> goto drawn
	:: else
	fi;
	/* limits_threads(): are enough asleep? If not, more are made */
	if
	:: skip
	:: AT();
		hold_signals(GUARD(LIMITS_HOLD_SIGNALS), d.held);
		if
		:: GUARD(ALIVE_BEFORE_THREADS) && !me.alive -> release_signals(GUARD(LIMITS_HOLD_SIGNALS), d.held); goto drawn
		:: else
		fi;
		AT();
		lock(me.record_lock);
		AT();
		atomic {
			assert(me.library == RUNS);	/* a thread for a core that does not run here */
			assert(me.sleepers == me.threads);
			me.sleepers++; me.threads++
		};
		unlock(me.record_lock);
		release_signals(GUARD(LIMITS_HOLD_SIGNALS), d.held)
	fi;
	AT();
	hold_signals(GUARD(GATE_HOLDS_SIGNALS) && GUARD(PLACE_AFTER_SIGNALS), d.held);
	/* take_place(). A draw does without if there is none. A call that has nowhere else to go naps, and looks again */
	if
	:: atomic { !d.aside && (me.places & LANE) -> d.place = LANE; if :: GUARD(PLACES) -> me.places = me.places & ~LANE :: else fi }
	:: atomic { d.aside && (me.places & ASIDE) -> d.place = ASIDE; if :: GUARD(PLACES) -> me.places = me.places & ~ASIDE :: else fi }
	:: atomic { !d.aside && !(me.places & LANE) -> goto let_go }
	:: atomic { d.aside && !(me.places & ASIDE); release_signals(GUARD(GATE_HOLDS_SIGNALS) && GUARD(PLACE_AFTER_SIGNALS), d.held) }; AT(); (!me.alive || (me.places & ASIDE)); goto enter
	fi;
	AT();
	hold_signals(GUARD(GATE_HOLDS_SIGNALS) && !GUARD(PLACE_AFTER_SIGNALS), d.held);
	/* enter_place() */
	if
	:: GUARD(ALIVE_AFTER_SIGNALS) && !me.alive -> goto leave_place
	:: else
	fi;
	AT();
	atomic {
		assert(me.library == RUNS && (!me.vfork_runs || d.is_vfork));	/* a runtime of this process's own */
		assert(me.seeded);
		assert(!(me.inside & d.place));	/* alone in its lane */
		me.inside = me.inside | d.place
	};
	AT();
	/* in Go, which may map memory */
	atomic { assert(me.library == RUNS); me.inside = me.inside & ~d.place };
leave_place:
	if
	:: GUARD(PLACE_AFTER_SIGNALS) -> atomic { me.places = me.places | d.place; d.place = 0 }
	:: else -> release_signals(GUARD(GATE_HOLDS_SIGNALS), d.held); AT(); atomic { me.places = me.places | d.place; d.place = 0 }
	fi;
let_go:
	release_signals(GUARD(PLACE_AFTER_SIGNALS) && GUARD(GATE_HOLDS_SIGNALS), d.held);
drawn:
	atomic {
		if
		:: d.is_vfork ->	/* the child ends, and with it the threads that it has made */
			d.is_vfork = 0
		:: else
		fi;
		goto next
	};

	/* ---- draw/events.c, keep() ---- */
keep:
	hold_signals(GUARD(EVENTS_HOLD_SIGNALS), d.held);
	atomic { me.event_lock == 0 -> me.event_lock = HOLDER };
	AT();
	unlock(me.event_lock);
	release_signals(GUARD(EVENTS_HOLD_SIGNALS), d.held);
	goto next;

	/* ---- runtime/start.c, start_set_mode() ---- */
set_mode:
	if
	:: !me.known || (GUARD(MODE_NOT_IN_FORK) && FORK_IS_UNDERWAY) -> goto next
	:: else
	fi;
	hold_signals(GUARD(MODE_HOLDS_SIGNALS), d.held);
	lock(me.start_lock);
	AT();
	unlock(me.start_lock);
	release_signals(GUARD(MODE_HOLDS_SIGNALS), d.held);
	goto next;

	/* ---- fork(): handlers of others, and guard/fork.c ---- */
fork:
	HOOK();
	/* prepare() */
	if
	:: !me.known && !FORK_IS_UNDERWAY && GUARD(TAINTED) -> me.tainted = 1
	:: else
	fi;
	if
	:: me.tainted -> goto forks_now
	:: !me.tainted && FORK_IS_UNDERWAY && GUARD(DEPTH) -> me.depth++; goto forks_now
	:: else
	fi;
	AT();
	hold_signals(true, d.held_fork);
	if
	:: GUARD(FORK_WAITS_FOR_START) -> lock(me.start_lock)	/* runtime/start.c, prepare() */
	:: else
	fi;
	if
	:: me.dirty && GUARD(FORK_WAITS_FOR_RECORD) -> lock(me.record_lock)	/* core_prepare() */
	:: else
	fi;
	atomic { me.forker = f; me.depth = 1; me.held = d.held_fork; d.held_fork = 0 };
forks_now:
	HOOK();
	atomic {
		/* A child could never give these back, or would not know of them. But a child that a prepare handler has forked
		 * continues with the outer fork, and our handler has not prepared that one. */
		assert(me.tainted || !me.depth || (!me.half && !me.reserve));
		if
		:: become_child(); goto child
		:: skip
		fi
	};
	/* parent() */
	if
	:: me.tainted || (GUARD(DEPTH_NOT_ZERO) && !me.depth) -> goto forked
	:: else -> me.depth--
	fi;
	if
	:: me.depth -> goto forked
	:: else
	fi;
	if
	:: me.dirty && GUARD(FORK_WAITS_FOR_RECORD) -> unlock(me.record_lock)
	:: else
	fi;
	if
	:: GUARD(FORK_WAITS_FOR_START) -> unlock(me.start_lock)
	:: else
	fi;
	release_signals(true, me.held);
forked:
	HOOK();
	goto next;

child:
	HOOK();
	/* child() */
	atomic {
		if
		:: GUARD(CHILD_ONCE) && me.known -> goto next	/* the child of a child handler has been here already */
		:: else
		fi;
		me.forked = 1;
		me.known = 0; me.alive = 0; me.refused = 0; me.seeded = 0;	/* wipe() */
		if
		:: me.tainted -> goto next
		:: else
		fi;
		me.known = 1;
		me.depth = 0;
		/* runtime/start.c, child() */
		if
		:: GUARD(START_LOCK_ANEW) -> me.start_lock = 0
		:: else
		fi;
		if
		:: GUARD(PLACES_ANEW) -> me.places = LANE | ASIDE
		:: else
		fi;
		if
		:: GUARD(RECORD_ANEW) -> me.record_lock = 0; me.sleepers = 0	/* core_child() */
		:: else
		fi;
		release_signals(true, me.held);
		goto next
	}
}

/* When nothing moves any more, no thread waits in vain, and nothing is left behind. */
active proctype End()
{
	timeout;
	assert(!(me.lives[FIRST] && me.busy[FIRST]) && !(me.lives[OTHER] && me.busy[OTHER]) && !me.in_handler && !me.go_busy);
	assert(!me.known || (me.places == (LANE | ASIDE) && !me.start_lock && !me.record_lock && !me.event_lock && !me.reserve));
	assert(!me.known || me.sleepers == me.threads)
}

init {
	atomic {
		byte i;
		me.known = 1;
		me.library = (STARTED -> RUNS : DORMANT);
		me.dirty = STARTED;
		me.alive = STARTED;
		me.seeded = STARTED;
		me.sleepers = STARTED;
		me.threads = STARTED;
		me.places = LANE | ASIDE;
		me.mappings = MAPPINGS;
		me.lives[FIRST] = 1;
		me.lives[HANDLER] = 1;
		me.lives[OTHER] = 1;
		me.turns[FIRST] = TURNS;
		me.turns[OTHER] = SECOND;
		run Thread(FIRST);
		run Thread(HANDLER);
		run Thread(OTHER);
		for (i : 0 .. FORKS) { run Runtime() }
	}
}
