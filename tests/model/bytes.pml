/* No byte goes out twice; and none from before a fork, a restore, or a reseed that has returned.
 *
 * One thread of a process draws (front/draw/draw.c). Between any two of its steps a signal handler may run, which draws, forks
 * by libc or by a raw clone(2), or does all of that. The child continues in the handler, and returns into the draw that was
 * interrupted. Meanwhile another thread may reseed, the machine may be restored, and the clock's second may pass.
 *
 * A key is a pair: its root, drawn fresh from the kernel or the core, and how many keys were derived from that root before it.
 * A byte is a key and a counter. Root 0 is what wiped memory holds: its bytes are public.
 *
 * Parent and child share no memory, so the order of their steps makes no difference to either. In the model the child goes first.
 *
 * These macros, set on the command line, say what may happen: see run.py. */
#include "model.h"

#ifndef FORKS
#define FORKS 0		/* that may happen, in all processes together */
#endif
#ifndef SIGNALS
#define SIGNALS 0	/* that may come, likewise */
#endif
#ifndef DRAWS
#define DRAWS 2		/* of the thread, in each process */
#endif
#ifndef RESEEDS
#define RESEEDS 0	/* by another thread of the first process */
#endif
#ifndef RESTORES
#define RESTORES 0	/* of the machine, which a monitor reports */
#endif
#ifndef TICKS
#define TICKS 0		/* of the clock */
#endif
#ifndef WIPES
#define WIPES 1		/* does the kernel wipe pages at fork? If not there is no core */
#endif
#ifndef CORE
#define CORE 1		/* has the first process a core? */
#endif

#define PROCESSES (FORKS + 1)
#define EACH 8	/* roots of a process, numbered from 1 */
#define ROOTS (PROCESSES * EACH + 1)
#define POOL 2	/* bytes that a refill makes */
#define KEYS 3	/* that a generator makes from one of the core's, before it gets another */

#define KEY(root, derived) ((root) * 4 + (derived))
#define BYTE(key, counter) ((key) * 2 + (counter))
#define ROOT(byte_) ((byte_) >> 3)

#define SMALL 1	/* from the pool */
#define LARGE 2	/* from the generator */
#define HUGE 3	/* past both */

/* Where a thread continues, as on its stack. Numbers below these: in AT(n). */
#define MAIN 201
#define HANDLER 202
#define FORKED 203

typedef Stamp { byte epoch; byte restore; byte second };

typedef Draw {	/* a call of draw_bytes() or draw_ready(), on the stack: fork copies it */
	byte size;
	byte dst;	/* the byte that the caller gets */
	byte began_process, began_restore;	/* draw_once()'s began */
	Stamp now;	/* of renew() or refill_from_kernel() */
	byte stamp;	/* process_stamp()'s answer */
	byte epoch, missed, at, k, fresh;	/* registers */
	bool page;	/* this call has taken the page */
	bool was_out;	/* was the byte out before the last check? */
	byte after, holds_to, stamp_to, hand_to, request_to, core_to, has_to;	/* return addresses */
	byte reseeds, second;	/* when the draw began: those that had returned, and the clock */
};

typedef Process {
	/* Wiped at fork: the thread's page, and the page of struct process */
	Stamp made;
	byte at, left, next, schedule;
	byte bytes[POOL];
	byte stamp;	/* process->stamp */
	bool known;	/* process->known */
	bool alive, kernel, table;	/* core_state's: a core, a kernel that C can call, where its functions are */
	byte seeded_process, seeded_restore, seeded_missed, missed;	/* core_state's */
	byte core_reseeds, core_restore;	/* of the Go core: what its key is based on */

	/* Kept */
	bool taken;	/* of struct thread */
	byte stamp_epoch, stamps;
	byte handlers_pid;	/* pid of guard/fork.c: the process that the handlers saw last */
	byte forked;	/* fork_generation */
	Draw draw[2];	/* of the thread, of its signal handler */
	bool in_handler;
	byte point;	/* where the thread was interrupted */

	/* Of the model: not memory */
	byte go[2];	/* where thread and handler begin; 0: they do not run */
	byte draws, roots;
	byte returned;	/* reseeds that have returned here, in their order */
	bool finished;
};

Process P[PROCESSES];
byte processes = 1, forks = FORKS, signals = SIGNALS, ticks = TICKS, restores = RESTORES, reseeds_left = RESEEDS;
byte machine = 1, second = 1, reseeds;

byte out[ROOTS];	/* of each root, a bit for each byte that has gone out */
byte reseeds_of[ROOTS], machine_of[ROOTS], second_of[ROOTS];	/* when it was drawn */

#define me P[p]
#define d P[p].draw[f]

/* Of a child only the bytes that it has given out matter from now on, and of those only the ones that its parent has too. */
inline finish()
{
	if
	:: p > 0 ->
		me.made.epoch = 0; me.made.restore = 0; me.made.second = 0;
		me.at = 0; me.left = 0; me.next = 0; me.schedule = 0; me.bytes[0] = 0; me.bytes[1] = 0;
		me.stamp = 0; me.known = 0; me.alive = 0; me.kernel = 0; me.table = 0;
		me.seeded_process = 0; me.seeded_restore = 0; me.seeded_missed = 0; me.missed = 0; me.core_reseeds = 0; me.core_restore = 0;
		me.taken = 0; me.stamp_epoch = 0; me.stamps = 0; me.handlers_pid = 0; me.forked = 0;
		d.after = 0;
		for (c : 1 .. EACH) { out[p * EACH + c] = 0; reseeds_of[p * EACH + c] = 0; machine_of[p * EACH + c] = 0; second_of[p * EACH + c] = 0 }
		c = 0;
		me.roots = 0
	:: else
	fi;
	me.finished = 1
}

/* A new key, unlike any other. */
inline fresh_root(rests_on, drawn_on)
{
	me.roots++;
	assert(me.roots <= EACH);	/* else the model needs more of them */
	d.fresh = p * EACH + me.roots;
	reseeds_of[d.fresh] = rests_on;
	machine_of[d.fresh] = drawn_on;
	second_of[d.fresh] = second;
}

/* What fork does: the kernel's part, and our child handler's if libc forks (guard/fork.c, child()). The handler runs with
 * signals held. parent, child: numbers of processes. */
inline kernel_fork(parent, child)
{
	child = processes;
	processes++;
	P[child].taken = P[parent].taken;
	P[child].stamp_epoch = P[parent].stamp_epoch;
	P[child].stamps = P[parent].stamps;
	P[child].handlers_pid = P[parent].handlers_pid;
	P[child].in_handler = P[parent].in_handler;
	P[child].point = P[parent].point;
	P[child].draws = 1;
	copy_draw(child, parent, 0);
	copy_draw(child, parent, 1);
	if
	:: !WIPES || !GUARD(PAGE_WIPED) ->	/* runtime/thread.c, get_first(): PAGES_WIPED */
		P[child].made.epoch = P[parent].made.epoch;
		P[child].made.restore = P[parent].made.restore;
		P[child].made.second = P[parent].made.second;
		P[child].at = P[parent].at;
		P[child].left = P[parent].left;
		P[child].next = P[parent].next;
		P[child].schedule = P[parent].schedule;
		P[child].bytes[0] = P[parent].bytes[0];
		P[child].bytes[1] = P[parent].bytes[1]
	:: else
	fi;
	if
	:: !WIPES || !GUARD(PROCESS_WIPED) ->	/* guard/process.c, process_init(): PAGES_WIPED */
		P[child].stamp = P[parent].stamp;
		P[child].kernel = P[parent].kernel;
	:: else
	fi;
	if
	:: true ->	/* libc's */
		P[child].forked = 1;
		if
		:: GUARD(STALE_AT_FORK) -> P[child].stamp_epoch++	/* guard/fork.c, wipe(): stamp_all_stale() */
		:: else
		fi;
		P[child].stamp = 0;	/* guard/fork.c, wipe() */
		P[child].kernel = 0;
		if
		:: !WIPES && GUARD(PAGE_WIPED_BY_HOOK) -> wipe_front(child); wipe_rest(child)	/* runtime/thread.c, wipe() */
		:: else
		fi;
		P[child].handlers_pid = child + 1;
		P[child].known = 1
	:: true	/* a raw clone: no handler runs */
	fi
}

inline copy_draw(to, from, n)
{
	P[to].draw[n].size = P[from].draw[n].size;
	P[to].draw[n].dst = P[from].draw[n].dst;
	P[to].draw[n].began_process = P[from].draw[n].began_process;
	P[to].draw[n].began_restore = P[from].draw[n].began_restore;
	P[to].draw[n].now.epoch = P[from].draw[n].now.epoch;
	P[to].draw[n].now.restore = P[from].draw[n].now.restore;
	P[to].draw[n].now.second = P[from].draw[n].now.second;
	P[to].draw[n].stamp = P[from].draw[n].stamp;
	P[to].draw[n].epoch = P[from].draw[n].epoch;
	P[to].draw[n].missed = P[from].draw[n].missed;
	P[to].draw[n].at = P[from].draw[n].at;
	P[to].draw[n].k = P[from].draw[n].k;
	P[to].draw[n].fresh = P[from].draw[n].fresh;
	P[to].draw[n].page = P[from].draw[n].page;
	P[to].draw[n].was_out = P[from].draw[n].was_out;
	P[to].draw[n].after = P[from].draw[n].after;
	P[to].draw[n].holds_to = P[from].draw[n].holds_to;
	P[to].draw[n].stamp_to = P[from].draw[n].stamp_to;
	P[to].draw[n].hand_to = P[from].draw[n].hand_to;
	P[to].draw[n].request_to = P[from].draw[n].request_to;
	P[to].draw[n].core_to = P[from].draw[n].core_to;
	P[to].draw[n].has_to = P[from].draw[n].has_to;
	P[to].draw[n].reseeds = P[from].draw[n].reseeds;
	P[to].draw[n].second = P[from].draw[n].second
}

/* Wipes the page by hand, where the kernel does not: its first fields, and what comes after them. */
inline wipe_front(q)
{
	P[q].made.epoch = 0;
	P[q].made.restore = 0;
	P[q].made.second = 0;
	P[q].at = 0;
	P[q].left = 0
}

inline wipe_rest(q)
{
	P[q].next = 0;
	P[q].schedule = 0;
	P[q].bytes[0] = 0;
	P[q].bytes[1] = 0
}

/* fork_notice(), which calls wipe() of guard/fork.c. */
inline wipe_here()
{
	me.stamp = 0;
	me.stamp_epoch++;
	wipe_front(p);
	wipe_rest(p);
	me.handlers_pid = p + 1
}

#define IS_COPY (!WIPES && me.handlers_pid != p + 1)	/* fork_check(): a child that no handler has seen. Where fork wipes it is false */

/* A signal may come here. Its handler runs to its end before the thread continues. The child of a handler that forks begins
 * at the second label. */
#define AT(n) \
	if \
	:: atomic { f == 0 && signals > 0 && !me.in_handler -> signals--; me.in_handler = 1; me.point = n; me.go[1] = HANDLER }; \
in_##n:		atomic { !me.in_handler -> me.point = 0 } \
	:: skip \
	fi

#define ON(n) :: me.go[f] == n -> me.go[f] = 0; goto in_##n

/* The last check for a fork. From here on the byte is on its way to the caller. A later fork leaves it in both processes,
 * and that is no fault (SECURITY.md, "C signal handlers"). */
inline last_check()
{
	d.was_out = (out[ROOT(d.dst)] >> (d.dst & 7)) & 1;
	out[ROOT(d.dst)] = out[ROOT(d.dst)] | (1 << (d.dst & 7))
}

/* Every promise of this model, about a byte that the caller gets. */
inline hand_over()
{
	assert(ROOT(d.dst) != 0);	/* zeros, or made by a public key */
	assert(!d.was_out);	/* twice */
	assert(reseeds_of[ROOT(d.dst)] >= d.reseeds);	/* from before a reseed that had returned as the draw began */
	assert(TICKS == 0 || second_of[ROOT(d.dst)] >= d.second)	/* from before the second in which it began */
}

inline forget_draw()
{
	d.size = 0; d.dst = 0; d.began_process = 0; d.began_restore = 0; d.stamp = 0; d.epoch = 0; d.at = 0; d.k = 0; d.fresh = 0;
	d.now.epoch = 0; d.now.restore = 0; d.now.second = 0; d.was_out = 0; d.reseeds = 0; d.second = 0; d.page = 0;
	d.holds_to = 0; d.stamp_to = 0; d.hand_to = 0; d.request_to = 0; d.core_to = 0; d.has_to = 0
}

/* The thread of process p (f is 0), and its signal handler (f is 1). */
proctype Thread(byte p; byte f)
{
	byte c;

end_idle:
	atomic {
		me.go[f] != 0;
		if
		:: me.go[f] == MAIN -> me.go[f] = 0; goto main
		:: me.go[f] == HANDLER -> me.go[f] = 0; goto handler
		:: me.go[f] == FORKED -> me.go[f] = 0; goto forked
		ON(1) ON(2) ON(3) ON(4) ON(5) ON(6) ON(7) ON(8) ON(9) ON(10) ON(11) ON(12) ON(13) ON(14) ON(15) ON(16) ON(17) ON(18)
		ON(19) ON(20) ON(21) ON(22) ON(23) ON(24) ON(25) ON(26) ON(27) ON(28) ON(29) ON(30) ON(31) ON(32) ON(33) ON(34) ON(35)
		ON(36) ON(37) ON(38) ON(39) ON(40) ON(41) ON(42)
		fi
	}

	/* ---- what the thread does ---- */
main:
	if
	:: atomic { me.draws > 0 -> me.draws--; d.after = MAIN; goto draw }
	:: atomic { forks > 0 -> forks--; goto fork }
	:: atomic { me.draws == 0 -> finish(); goto end_idle }
	fi;

	/* ---- what its signal handler does ---- */
handler:
	if
	:: atomic { d.after = HANDLER; goto draw }
	:: goto handler_forks
	fi;
handler_forks:
	if
	:: atomic { forks > 0 -> forks--; goto fork }
	:: goto handler_ends
	fi;
forked:
	if
	:: atomic { d.after = FORKED; goto draw }
	:: goto handler_ends
	fi;
handler_ends:
	atomic { d.after = 0; me.in_handler = 0; goto end_idle };

	/* ---- by libc's fork(), or by a raw clone(2) ---- */
fork:
	atomic {
		d.after = 0;
		kernel_fork(p, c);
		if
		:: f == 0 -> P[c].go[0] = MAIN
		:: f == 1 -> P[c].go[0] = me.point; P[c].go[1] = FORKED
		fi
	};
	atomic {
		P[c].finished -> c = 0;
		if
		:: f == 0 -> goto main
		:: f == 1 -> goto forked
		fi
	};

	/* ---- bytes_draw(): draw_ready(), and if that gives none draw_bytes() ---- */
draw:
	atomic {
		d.reseeds = me.returned;
		d.second = second;
		if
		:: d.size = SMALL; goto ready
		:: d.size = LARGE; goto bytes
		:: d.size = HUGE; goto bytes
		fi
	};

ready:	/* draw_ready() */
	atomic {
		if
		:: GUARD(TAKEN) && me.taken -> goto bytes	/* thread_take(): another call uses the page */
		:: else
		fi;
		if
		:: !GUARD(READ_AFTER_MARK) -> d.at = me.at
		:: else
		fi
	};
	AT(1);
	me.taken = 1;
	AT(2);
	atomic {
		if
		:: GUARD(READ_AFTER_MARK) -> d.at = me.at
		:: else
		fi;
		if
		:: d.at >= POOL -> goto not_ready
		:: else
		fi;
		if
		:: !GUARD(CHECK_AFTER_TAKING) && (me.made.epoch != me.stamp_epoch || me.made.second != second || me.made.restore != machine) ->
			goto not_ready
		:: else
		fi;
		d.hand_to = 1;
		goto hand_out
	};
handed_1:
	AT(3);
	atomic { d.holds_to = 1; goto holds };
not_ready:
	atomic { d.dst = 0; d.was_out = 0; me.taken = 0; goto bytes };
is_ready:
	atomic { me.taken = 0; goto given };

	/* ---- stamp_holds(&pool->made): each field by itself ---- */
holds:
	d.epoch = me.made.epoch;
	AT(4);
	atomic {
		if
		:: d.holds_to == 1 && !GUARD(CHECK_AFTER_TAKING) -> last_check(); d.epoch = 0; goto is_ready
		:: d.epoch != me.stamp_epoch -> d.epoch = 0; goto holds_not
		:: else -> d.epoch = 0
		fi
	};
	AT(5);
	atomic {
		if
		:: GUARD(SECOND) && me.made.second != second -> goto holds_not
		:: else
		fi;
		/* Where fork wipes, the second is the last field that shows it; elsewhere fork_check() follows. */
		if
		:: d.holds_to == 1 && GUARD(PID_AFTER) && IS_COPY -> goto copied_ready
		:: d.holds_to == 1 && !(GUARD(PID_AFTER) && IS_COPY) -> last_check()
		:: else
		fi
	};
	AT(6);
	atomic {
		if
		:: GUARD(RESTORE_IN_STAMP) && me.made.restore != machine -> goto holds_not
		:: else
		fi;
		if
		:: d.holds_to == 1 -> assert(ROOT(d.dst) == 0 || machine_of[ROOT(d.dst)] == machine); goto is_ready
		:: d.holds_to == 2 -> goto has_key
		:: d.holds_to == 3 -> goto pool_is_fresh
		fi
	};
holds_not:
	if
	:: d.holds_to == 1 -> goto not_ready
	:: d.holds_to == 2 -> goto renew
	:: d.holds_to == 3 -> goto refill
	fi;
copied_ready:	/* fork_notice() in draw_ready() */
	atomic { wipe_here(); goto not_ready };

	/* ---- process_stamp() ---- */
process_stamp:
	atomic {
		d.stamp = me.stamp;
		if
		:: d.stamp -> goto stamped
		:: else -> me.stamps++; d.stamp = me.stamps
		fi
	};
	AT(7);
	atomic {	/* compare and exchange */
		if
		:: me.stamp == 0 -> me.stamp = d.stamp
		:: else -> d.stamp = me.stamp
		fi
	};
stamped:
	if
	:: d.stamp_to == 1 -> goto stamped_1
	:: d.stamp_to == 2 -> goto stamped_2
	fi;

	/* ---- hand_out() of one byte ---- */
hand_out:
	atomic {
		if
		:: d.hand_to == 2 -> d.at = me.at
		:: else
		fi;
		assert(d.at < POOL);	/* nothing beyond the pool is touched */
		d.dst = me.bytes[d.at]
	};
	AT(8);
	me.bytes[d.at] = 0;
	AT(9);
	atomic { me.at = me.at + 1; d.at = 0 };
	if
	:: d.hand_to == 1 -> goto handed_1
	:: d.hand_to == 2 -> goto handed_2
	fi;

	/* ---- draw_bytes() ---- */
bytes:
	if
	:: atomic { GUARD(PID_BEFORE) && IS_COPY ->	/* fork_notice(): wipe(), with signals held */
		me.stamp = 0; me.stamp_epoch++; wipe_front(p) };
		if
		:: !GUARD(SIGNALS_HELD_IN_WIPE) -> AT(10)
		:: else
		fi;
		atomic { wipe_rest(p); me.handlers_pid = p + 1 }
	:: else
	fi;
	/* start_is_wanted(): a child by libc may start a core of its own. entry.pml has what that takes */
	if
	:: atomic { WIPES && CORE && me.known && me.forked && !me.alive -> me.alive = 1; me.kernel = 1; me.table = 1;
		me.seeded_process = 0 }
	:: skip
	fi;

	/* ---- draw_once() ---- */
	AT(11);
	atomic { d.stamp_to = 1; goto process_stamp };
stamped_1:
	atomic { d.began_process = d.stamp; d.began_restore = machine; d.stamp = 0 };
	AT(12);
	atomic {
		if
		:: d.size == HUGE || (GUARD(TAKEN) && me.taken) -> goto past_page
		:: else
		fi
	};
	AT(13);
	atomic { me.taken = 1; d.page = 1 };
	AT(14);
	if
	:: d.size == LARGE -> atomic { d.has_to = 1; goto generator_has }
	:: d.size == SMALL -> goto from_pool
	fi;

	/* ---- from_page(), of more than the pool gives ---- */
generator_has_for_draw:
	atomic { d.request_to = 1; goto request };
	/* ---- from_pool() ---- */
from_pool:
	atomic { d.holds_to = 3; goto holds };
pool_is_fresh:
	if
	:: me.at >= POOL -> goto refill
	:: else
	fi;
take_from_pool:
	AT(15);
	atomic { d.hand_to = 2; goto hand_out };
handed_2:
	goto drawn;

	/* ---- refill() ---- */
refill:
	atomic { d.has_to = 2; goto generator_has };
generator_has_for_pool:
	AT(16);
	atomic { d.request_to = 2; goto request };
requested_2:
	AT(17);
	me.at = 0;
	goto take_from_pool;

	/* ---- generator_has(): stamp_holds() and enough left, or renew() ---- */
generator_has:
	atomic { d.holds_to = 2; goto holds };
has_key:
	if
	:: me.left == 0 -> goto renew
	:: else -> goto has
	fi;
renew:
	d.now.epoch = me.stamp_epoch;
	AT(18);
	atomic { d.now.restore = machine; d.now.second = second };
	AT(19);
	atomic {
		if
		:: !me.kernel -> goto has_not
		:: else
		fi
	};
	atomic { d.core_to = 1; goto core_bytes };
renewed:
	AT(20);
	/* drop() */
	atomic {
		if
		:: GUARD(DROP) -> me.bytes[0] = 0; me.bytes[1] = 0
		:: else
		fi
	};
	AT(21);
	atomic {
		if
		:: GUARD(DROP) -> me.at = POOL
		:: else
		fi;
	};
	AT(22);
	me.left = 0;
	AT(23);
	atomic {
		if
		:: GUARD(STAMP_BEFORE_KEY) -> me.made.second = d.now.second; me.made.restore = d.now.restore
		:: else -> me.made.second = second; me.made.restore = machine
		fi
	};
	AT(24);
	atomic {
		if
		:: GUARD(STAMP_BEFORE_KEY) -> me.made.epoch = d.now.epoch
		:: else -> me.made.epoch = me.stamp_epoch
		fi;
		d.now.epoch = 0; d.now.restore = 0; d.now.second = 0
	};
	AT(25);
	me.schedule = me.next;	/* expand() */
	AT(26);
	me.next = 0;
	AT(27);
	me.left = KEYS;
has:
	if
	:: d.has_to == 1 -> goto generator_has_for_draw
	:: d.has_to == 2 -> goto generator_has_for_pool
	fi;
has_not:
	atomic { d.now.epoch = 0; d.now.restore = 0; d.now.second = 0 };
	if
	:: d.has_to == 1 -> goto past_page
	:: d.has_to == 2 -> goto refill_from_kernel
	fi;

	/* ---- request(): the output, then the next key, which takes the old one's place ---- */
request:
	atomic {
		d.k = me.kernel;
		if
		:: d.k == 0 && GUARD(KERNEL_LOOKED_AT) -> goto copied
		:: else
		fi
	};
	AT(28);
	atomic {
		assert(d.k);	/* else a call of NULL */
		assert(GUARD(KERNEL_COPY) || me.table);	/* else a call of what fork has wiped (runtime/start.c: static struct keystream kernel) */
		if
		:: d.request_to == 1 -> d.dst = BYTE(me.schedule, 0)
		:: d.request_to == 2 -> me.bytes[0] = BYTE(me.schedule, 0); me.bytes[1] = BYTE(me.schedule, 1)
		fi
	};
	AT(29);
	atomic {
		if
		:: ROOT(BYTE(me.schedule, 0)) && GUARD(REKEY) -> me.next = me.schedule + 1
		:: else -> me.next = me.schedule	/* of a wiped key, another public one */
		fi
	};
	AT(30);
	me.schedule = me.next;
	AT(31);
	me.next = 0;
	AT(32);
	atomic {
		if
		:: me.left -> me.left--
		:: else	/* of a wiped page: it would wrap. The page is dropped before it is used */
			-> me.left = KEYS
		fi;
		d.k = 0
	};
	if
	:: d.request_to == 1 -> goto drawn
	:: d.request_to == 2 -> goto requested_2
	fi;

	/* ---- refill_from_kernel() ---- */
refill_from_kernel:
	d.now.epoch = me.stamp_epoch;
	AT(33);
	atomic { d.now.restore = machine; d.now.second = second };
	AT(34);
	atomic { me.bytes[0] = 0; me.bytes[1] = 0; me.at = POOL };	/* drop() */
	AT(35);
	atomic { me.left = 0; me.made.second = d.now.second; me.made.restore = d.now.restore };
	AT(36);
	atomic { me.made.epoch = d.now.epoch; d.now.epoch = 0; d.now.restore = 0; d.now.second = 0 };
	AT(37);
	atomic {
		fresh_root(reseeds, machine);
		me.bytes[0] = BYTE(KEY(d.fresh, 0), 0);
		me.bytes[1] = BYTE(KEY(d.fresh, 0), 1);
		d.fresh = 0
	};
	AT(38);
	me.at = 0;
	goto take_from_pool;

	/* ---- past_page(): from the core straight into the caller's memory, or from the kernel ---- */
past_page:
	atomic { d.core_to = 2; goto core_bytes };
past_page_by_kernel:
	atomic { fresh_root(reseeds, machine); d.dst = BYTE(KEY(d.fresh, 0), 0); d.fresh = 0; goto drawn };

	/* ---- core_bytes(): signals are held from gate_enter() to gate_leave(). entry.pml has the gate itself ---- */
core_bytes:
	if
	:: goto no_core	/* there is none, it has no place, or gate_closed() */
	:: me.alive
	fi;
	AT(39);
	if
	:: !me.alive -> goto no_core
	:: else
	fi;
	/* reseed_restored() */
	atomic {
		d.epoch = machine;
		d.missed = me.missed;
		if
		:: !GUARD(RESEED_RESTORED) && me.seeded_missed == d.missed -> goto core_fill
		:: me.seeded_process == p + 1 && me.seeded_restore == machine && me.seeded_missed == d.missed -> goto core_fill
		:: else
		fi
	};
	atomic { me.core_reseeds = reseeds; me.core_restore = machine };	/* core->reseed() */
	atomic {
		me.seeded_process = p + 1;
		if
		:: GUARD(STAMP_BEFORE_RESEED) -> me.seeded_restore = d.epoch; me.seeded_missed = d.missed
		:: else -> me.seeded_restore = machine; me.seeded_missed = me.missed
		fi
	};
core_fill:
	atomic {
		fresh_root(me.core_reseeds, me.core_restore);
		if
		:: d.core_to == 1 -> me.next = KEY(d.fresh, 0)
		:: d.core_to == 2 -> d.dst = BYTE(KEY(d.fresh, 0), 0)
		fi;
		d.fresh = 0; d.epoch = 0; d.missed = 0
	};
	if
	:: d.core_to == 1 -> goto renewed
	:: d.core_to == 2 -> goto drawn
	fi;
no_core:
	if
	:: d.core_to == 1 -> goto has_not
	:: d.core_to == 2 -> goto past_page_by_kernel
	fi;

	/* ---- the end of draw_once() ---- */
drawn:
	AT(40);
	atomic { d.stamp_to = 2; goto process_stamp };
stamped_2:	/* fork_check(), and stamp_is_here(&began) */
	atomic {
		if
		:: GUARD(PID_AFTER) && IS_COPY -> wipe_here(); goto copied
		:: else
		fi;
		if
		:: GUARD(PROCESS_AFTER) && d.began_process != d.stamp -> goto copied
		:: else -> last_check()
		fi
	};
	AT(41);
	atomic {
		if
		:: GUARD(RESTORE_AFTER) && d.began_restore != machine -> goto copied
		:: else -> assert(ROOT(d.dst) == 0 || machine_of[ROOT(d.dst)] == machine)	/* from before a restore */
		fi;
		if
		:: d.page -> me.taken = 0
		:: else
		fi;
		goto given
	};
copied:
	atomic {
		if
		:: d.page && GUARD(UNMAKE) -> me.made.epoch = 0
		:: else
		fi;
		d.was_out = 0; d.dst = 0; d.k = 0; d.stamp = 0
	};
	AT(42);
	atomic {
		if
		:: d.page -> me.taken = 0; d.page = 0
		:: else
		fi;
		goto bytes
	};

given:
	atomic {
		hand_over();
		forget_draw();
		if
		:: d.after == MAIN -> goto main
		:: d.after == HANDLER -> goto handler_forks
		:: d.after == FORKED -> goto handler_ends
		fi
	}
}

/* Other events. A restore leaves a twin with the same memory: what was made before it may be given out there. */
active proctype Monitor()
{
end_monitor:
	do
	:: atomic { restores > 0 -> restores--; machine++ }
	:: atomic { ticks > 0 -> ticks--; second++ }
	od
}

/* draw_reseed(), in another thread of the first process. */
active proctype Reseeder()
{
	byte mine;
end_reseeder:
	do
	:: reseeds_left > 0 ->
		reseeds_left--;
		if
		:: atomic { P[0].alive -> reseeds++; mine = reseeds; P[0].core_reseeds = reseeds; P[0].core_restore = machine }
		:: atomic { reseeds++; mine = reseeds };	/* no thread can enter, or there is no core: the kernel gives a byte */
			if
			:: GUARD(MISSED) -> P[0].missed++
			:: else
			fi
		fi;
		if
		:: GUARD(EPOCH) -> P[0].stamp_epoch++
		:: else
		fi;
		P[0].returned = mine;
		mine = 0
	od
}

init {
	atomic {
		byte i;
		P[0].stamp_epoch = 1;
		P[0].handlers_pid = 1;
		P[0].known = 1;
		P[0].draws = DRAWS;
		P[0].alive = WIPES && CORE;
		P[0].kernel = WIPES && CORE;
		P[0].table = WIPES && CORE;
		P[0].core_restore = machine;
		P[0].seeded_process = 1;
		P[0].seeded_restore = machine;
		for (i : 0 .. PROCESSES - 1) {
			run Thread(i, 0);
			run Thread(i, 1)
		}
		P[0].go[0] = MAIN
	}
}
