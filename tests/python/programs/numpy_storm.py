"""A C handler forks in the middle of a fill. Run by test_numpy.py."""

import ctypes
import sys

import child
import numpy as np

import gorandom

how, size, budget = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
storm = child.Storm()
tally = child.Tally()
rng = np.random.Generator(gorandom.BitGenerator())
out = np.empty(size)
untouched = np.frombuffer(b"\xaa" * out.nbytes)
rng.random(out=out)
# If the last of these is untouched, both processes draw the two compared numbers after the fork.
storm.library.storm_start(how, 120, budget, ctypes.c_void_p(out.ctypes.data), ctypes.c_size_t(out.nbytes - 24))
while storm.budget.value > 0:
    out[:] = untouched
    storm.armed.value = 1
    rng.random(out=out)
    storm.armed.value = 0
    assert 0 <= out.min() and out.max() < 1
    if storm.in_child.value:
        child.end(lambda: tally.send(*[out[-2:].tobytes()] * storm.early.value, rng.bytes(16)))
    tally.add(out[-2:].tobytes(), rng.bytes(16))
    if children := storm.new():
        tally.reap(*children)
storm.library.storm_stop()
tally.report()
