"""Draws, reseeds and forks in a storm of signals: test_faults.py runs this."""

import os
import signal
import sys
import threading

import child

import gorandom

how = sys.argv[1]
counted = {s: 0 for s in (signal.SIGPROF, signal.SIGALRM, signal.SIGURG)}


def count(signo, frame):
    counted[signo] += 1


for s in counted:
    signal.signal(s, signal.SIG_IGN if how == "ignored" else count)
for s in counted if how == "interrupts" else ():
    signal.siginterrupt(s, True)
tally = child.Tally()
main = threading.get_ident()
go_on = True


def storm():
    while go_on:
        signal.pthread_kill(main, signal.SIGURG)
        os.kill(os.getpid(), signal.SIGURG)
        os.sched_yield()


sender = threading.Thread(target=storm)
sender.start()
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)


def body(large):
    signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
    return child.draws(large)


tally.add(*child.draws(large=True))
for _ in range(60):
    tally.add(*child.draws(large=True))
    tally.add(*(gorandom.get_random_bytes(1000)[:16] for _ in range(30)))
busy = child.Drawers(tally, 2)
tally.rounds(24, body)
busy.stop()
signal.setitimer(signal.ITIMER_REAL, 0)
signal.setitimer(signal.ITIMER_PROF, 0)
go_on = False
sender.join()
tally.report(counted=sorted(counted.values()))
