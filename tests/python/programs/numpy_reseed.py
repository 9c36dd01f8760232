"""A reseed makes ready numbers stale. Run by test_numpy.py."""

from numpy_ready import c, np, ready, rng

import gorandom

for draw in (lambda: c.next_uint64(c.state), lambda: rng.integers(0, 2**64, dtype=np.uint64)):
    expected = ready()
    gorandom.reseed()
    assert draw() != expected
