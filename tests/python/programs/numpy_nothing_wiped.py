"""Forks where the kernel wipes no memory. Run by test_numpy.py."""

import errno
import os
import sys

import confine

confine.refuse("madvise", errno.EINVAL, 2, 18)  # before the import, which asks for wiped memory

import child  # noqa: E402
from numpy_tokens import tokens  # noqa: E402

import gorandom  # noqa: E402

assert not gorandom._front.state()["wipes"]
fork = (lambda: child.helper().bare_fork(1, None)) if sys.argv[1] == "raw_clone" else os.fork
tally = child.Tally()
tally.add(*tokens())
tally.rounds(20, lambda large: tokens(), fork)
tally.add(*tokens())
tally.report()
