"""Forks while other threads draw, or make noise in the C library: test_forks.py runs this."""

import sys

import child

forks, noise, drawers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tally = child.Tally()
tally.add(*child.draws(large=True))
if noise:
    child.noise(noise)
busy = child.Drawers(tally, drawers)
tally.rounds(forks)
busy.stop()
tally.report()
