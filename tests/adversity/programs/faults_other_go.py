"""Draws and forks beside another library with a Go runtime of its own: test_faults.py runs this."""

import ctypes
import sys
import threading

import child

tally = child.Tally()
if sys.argv[2] == "after":
    tally.add(*child.draws(large=True))
other = ctypes.CDLL(sys.argv[1])
other.Work(8)
tally.add(*child.draws(large=True))
go_on = True


def work():
    while go_on:
        other.Work(16)


threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads:
    t.start()
for _ in range(30):
    tally.add(*child.draws(large=True))
tally.rounds(24)
other.Work(8)
tally.add(*child.draws(large=True))
go_on = False
for t in threads:
    t.join()
tally.report()
