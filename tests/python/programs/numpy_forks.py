"""Forks in the middle of a buffer: each process gives numbers of its own. Run by test_numpy.py."""

import os
import sys

import child
from numpy_tokens import tokens

way, forks = sys.argv[1], int(sys.argv[2])
fork = (lambda: child.helper().bare_fork(1, None)) if way == "raw_clone" else os.fork
tally = child.Tally()
tally.add(*tokens(True))


def body(large):
    found = tokens(large)
    if way == "nested":
        pid = os.fork()
        found += tokens()
        if pid == 0:
            child.end(lambda: tally.send(*found[-4:]))
        assert os.waitpid(pid, 0)[1] == 0
    return found


tally.rounds(forks, body, fork)
tally.add(*tokens())
tally.report()
