/* No page of ready bytes has two owners, and none is erased under its owner.
 *
 * Threads get a record with a page at their first draw, and give it back when they end (front/runtime/thread.c). A signal handler
 * may interrupt the first thread between any two steps. It draws and forks. In the child a fork handler of another library may
 * come before ours and make a thread that draws. At a fork the model continues as the parent or as the child, and tries both.
 *
 * These macros, set on the command line, say what may happen: see run.py. */
#include "model.h"

#ifndef FORKS
#define FORKS 1
#endif
#ifndef SIGNALS
#define SIGNALS 1
#endif

#define RECORDS 3
#define NONE RECORDS
#define ENDED (RECORDS + 1)	/* the key of a thread that is ending */

/* Frames: the first thread, a handler that interrupts it, a second thread, and one that a child makes. */
#define FIRST 0
#define HANDLER 1
#define OTHER 2
#define NEW 3
#define THREAD (f == HANDLER -> FIRST : f)

typedef Frame {
	bool held;
	byte found;
};

typedef Process {
	/* Wiped at fork */
	bool known;
	byte list_lock;

	/* Kept */
	byte first;	/* thread_first */
	byte key[4];	/* of each thread: its record */
	bool used[RECORDS];
	byte owner[RECORDS];	/* a thread's number plus one; 0: none */
	bool masked;
	Frame frame[4];

	/* Of the model: not memory */
	bool in_handler, drawing;
	bool lives[4];	/* threads, by their frames */
	bool busy[4];	/* frames that are in the middle of something */
	byte draws[4];
	bool uses[4 * RECORDS];	/* which thread is drawing from which page */
};

Process me;
byte forks = FORKS, signals = SIGNALS;

#define d me.frame[f]

inline hold_signals(guard)
{
	atomic {
		if
		:: THREAD != FIRST || !(guard)
		:: else -> d.held = me.masked; me.masked = 1
		fi
	}
}

inline release_signals(guard)
{
	atomic {
		if
		:: THREAD != FIRST || !(guard)
		:: else -> me.masked = d.held; d.held = 0
		fi
	}
}

/* The kernel's part of a fork, in the child. The thread that forks is the only one there. */
inline become_child()
{
	me.known = 0;
	if
	:: GUARD(LIST_LOCK_WIPED) -> me.list_lock = 0	/* memory of process_keep_lock() */
	:: else
	fi;
	me.lives[OTHER] = 0;
	me.key[OTHER] = NONE;
	me.draws[FIRST] = 1;
	for (i : 0 .. RECORDS - 1) { me.uses[OTHER * RECORDS + i] = 0; me.uses[NEW * RECORDS + i] = 0 }
	i = 0
}

#define AT() \
	if \
	:: atomic { f == FIRST && signals > 0 && !me.masked && !me.in_handler -> signals--; me.in_handler = 1 }; !me.in_handler \
	:: skip \
	fi

proctype Thread(byte f) provided (me.lives[_pid - 2])	/* numbers of processes begin at 2 here, after End and init */
{
	byte i;

idle:
	if
	:: atomic { f == HANDLER && me.in_handler -> me.busy[f] = 1; me.draws[f] = 1 }
	:: atomic { f != HANDLER && me.draws[f] > 0 -> me.busy[f] = 1 }
	fi;
live:
	if
	:: atomic { me.draws[f] > 0 -> me.draws[f]-- }; goto thread_get
	:: atomic { THREAD == FIRST && forks > 0 -> forks--;
		if
		:: become_child(); goto child	/* fork()'s */
		:: become_child()	/* of a raw clone: no handler runs */
		:: skip	/* the parent */
		fi };
		goto live
	:: atomic { f == HANDLER -> me.draws[f] = 0; me.busy[f] = 0; me.in_handler = 0; goto idle }
	:: f != HANDLER && me.draws[f] == 0 -> goto thread_ends
	fi;

	/* ---- thread_get(), thread_find() ---- */
thread_get:
	atomic {
		if
		:: me.first != NONE && me.owner[me.first] == THREAD + 1 -> d.found = me.first; goto draw
		:: else -> d.found = me.key[THREAD]
		fi;
		if
		:: d.found == ENDED -> d.found = NONE; goto live	/* it draws past the page */
		:: d.found == NONE && GUARD(KNOWN) && !me.known -> goto live	/* likewise */
		:: d.found != ENDED && d.found != NONE -> goto draw
		:: else
		fi
	};
	AT();
	hold_signals(GUARD(SIGNALS_HELD_IN_FIND));
	AT();
	atomic {
		if
		:: GUARD(KEY_READ_AGAIN) && me.key[THREAD] != NONE -> d.found = me.key[THREAD]; goto found
		:: else
		fi
	};
	/* take_record() */
	atomic { me.list_lock == 0 || !GUARD(LIST_LOCK) -> me.list_lock = f + 1 };
	AT();
	atomic {
		if
		:: !me.used[0] -> d.found = 0
		:: me.used[0] && !me.used[1] -> d.found = 1
		:: me.used[0] && me.used[1] -> assert(!me.used[2]); d.found = 2	/* else the model needs more of them */
		fi
	};
	AT();
	me.used[d.found] = 1;
	AT();
	me.list_lock = 0;
	AT();
	me.key[THREAD] = d.found;
	AT();
	/* own() */
	atomic {
		assert(me.owner[d.found] == 0);	/* no other thread's */
		me.owner[d.found] = THREAD + 1
	};
	AT();
	atomic {
		if
		:: me.first == NONE -> me.first = d.found
		:: else
		fi
	};
found:
	release_signals(GUARD(SIGNALS_HELD_IN_FIND));
	if
	:: d.found == NONE -> goto live
	:: else
	fi;

	/* ---- a draw from the page ---- */
draw:
	atomic {
		/* Handlers of a thread use its page as well: bytes.pml has that. */
		for (i : 0 .. 3) {
			assert(i == HANDLER || i == THREAD || !me.lives[i] || !me.uses[i * RECORDS + d.found])
		};
		me.uses[THREAD * RECORDS + d.found] = 1;
		me.drawing = (f == FIRST || me.drawing);
		i = 0
	};
	AT();
	atomic {
		if
		:: f == HANDLER && me.drawing	/* the draw that it interrupts goes on */
		:: else -> me.uses[THREAD * RECORDS + d.found] = 0; me.drawing = 0
		fi;
		d.found = NONE;
		goto live
	};

	/* ---- thread_ends(), a destructor ---- */
thread_ends:
	AT();
	hold_signals(GUARD(SIGNALS_HELD_AT_END));
	atomic {
		d.found = me.key[THREAD];
		me.key[THREAD] = ENDED;
		if
		:: d.found >= NONE -> goto ended
		:: else
		fi
	};
	AT();
	if
	:: GUARD(ERASED_BEFORE_GIVEN_BACK)
	:: else -> atomic { me.owner[d.found] = 0; me.used[d.found] = 0 }
	fi;
	AT();
	/* The page is erased. No thread may be drawing from it: the page marks its bytes as ready. */
	atomic {
		for (i : 0 .. 3) {
			assert(i == HANDLER || !me.lives[i] || !me.uses[i * RECORDS + d.found])
		};
		me.uses[THREAD * RECORDS + d.found] = 0;
		i = 0
	};
	AT();
	/* disown() */
	atomic {
		if
		:: me.first == d.found -> me.first = NONE
		:: else
		fi
	};
	me.owner[d.found] = 0;
	me.used[d.found] = 0;
ended:
	release_signals(GUARD(SIGNALS_HELD_AT_END));
	atomic { d.found = NONE; me.busy[f] = 0; me.lives[f] = 0; goto idle };

	/* ---- in the child ---- */
child:
	/* Another library's fork handler comes first, and makes a thread. Later makes no difference: a thread moves when it likes. */
	if
	:: atomic { me.lives[NEW] = 1; me.draws[NEW] = 1 }
	:: skip
	fi;
	/* guard/fork.c, child(); runtime/thread.c, wipe() */
	me.first = (me.key[FIRST] < NONE -> me.key[FIRST] : NONE);
	do
	:: i < RECORDS ->
		atomic {
			if
			:: i != me.key[FIRST] -> me.used[i] = 0; me.owner[i] = 0
			:: else
			fi;
			i++
		}
	:: else -> break
	od;
	atomic { i = 0; me.known = 1; goto live }
}

/* When nothing moves any more, no thread waits in vain. */
active proctype End()
{
	timeout;
	assert(!(me.lives[FIRST] && me.busy[FIRST]) && !(me.lives[OTHER] && me.busy[OTHER]) && !(me.lives[NEW] && me.busy[NEW]) && !me.in_handler)
}

init {
	atomic {
		byte i;
		me.known = 1;
		me.first = NONE;
		for (i : 0 .. 3) { me.key[i] = NONE }
		me.lives[FIRST] = 1;
		me.lives[HANDLER] = 1;
		me.lives[OTHER] = 1;
		me.draws[FIRST] = 1;
		me.draws[OTHER] = 1;
		run Thread(FIRST);
		run Thread(HANDLER);
		run Thread(OTHER);
		run Thread(NEW)
	}
}
