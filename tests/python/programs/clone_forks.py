"""Forks with the C library, or with the bare system call: test_clone.py runs this."""

import ctypes
import os
import sys

import child

import gorandom

forks, how, drawers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
library = child.helper()


def fork():
    kind = ["fork", "raw_clone", "raw_fork"].index(how)
    if not drawers:
        return library.bare_fork(kind, None)
    python = ctypes.pythonapi  # for CPython's own locks, which are not the test's concern
    python.PyOS_BeforeFork()
    pid = library.bare_fork(kind, python.PyOS_AfterFork_Child)
    if pid:
        python.PyOS_AfterFork_Parent()
    return pid


def body(large):
    tokens = child.draws(large)
    status = gorandom.status()
    assert how == "fork" or "clone(2)" in status.reason or status.reason == 'start is "never"', status
    return tokens


def lineage(large):
    # A regular fork, in a process that was made without the fork handlers.
    pid = os.fork()
    if pid == 0:
        child.end(lambda: tally.send(*body(True)))
    tokens = body(large)
    assert os.waitpid(pid, 0)[1] == 0
    return tokens


tally = child.Tally()
tally.add(*child.draws(large=True))
busy = child.Drawers(tally, drawers)
tally.rounds(forks, body, fork)
tally.rounds(forks // 8, lineage, fork)
busy.stop()
tally.report()
