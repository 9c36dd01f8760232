"""What is ready is given next, and it is erased. Run by test_numpy.py."""

import ctypes

from numpy_ready import c, end, ready, rng

at = ctypes.c_int64.from_address(end + 56).value
coming = [ready()]
assert c.next_uint64(c.state) == coming[0]
assert bytes((ctypes.c_char * 8).from_address(end + at)) == bytes(8)
# The lock, which numpy takes, has what is older than a second made anew: that may happen once.
assert any([ready() >> 11 == rng.random() * 2.0**53 for _ in range(2)])
expected = ready()
assert c.next_uint32(c.state) == expected & 0xFFFFFFFF
