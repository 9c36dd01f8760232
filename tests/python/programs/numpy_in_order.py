"""Ready numbers are given in order, and erased. Run by test_numpy.py."""

import ctypes

from numpy_ready import c, end, ready, rng

at = ctypes.c_int64.from_address(end + 56).value
coming = [ready()]
assert c.next_uint64(c.state) == coming[0]
assert bytes((ctypes.c_char * 8).from_address(end + at)) == bytes(8)
# numpy takes the lock, which replaces numbers older than a second. That may happen once.
assert any([ready() >> 11 == rng.random() * 2.0**53 for _ in range(2)])
expected = ready()
assert c.next_uint32(c.state) == expected & 0xFFFFFFFF
