"""Another second of the clock makes ready numbers stale. Run by test_numpy.py."""

import ctypes

from numpy_ready import end, np, ready, rng

second = ctypes.c_uint32.from_address(end + 24)
expected, second.value = ready(), second.value - 1
assert rng.integers(0, 2**64, dtype=np.uint64) != expected
