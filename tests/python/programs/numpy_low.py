"""Takes the lock of a bit generator with fewer than 256 ready bytes, while the kernel gives none. Run by test_numpy.py with
scripted.c preloaded, so that all ready bytes belong to one second."""

import ctypes
import errno
import json

ctypes.CDLL(None).script_clock(ctypes.c_longlong(1_700_000_000_000))

import confine  # noqa: E402  after it
from numpy_ready import c, end, rng  # noqa: E402

at = ctypes.c_int64.from_address(end + 56)  # minus the number of ready bytes
while at.value < -256:
    c.next_uint64(c.state)
confine.refuse("getrandom", errno.EIO)
found = []
for _ in range(2):
    try:
        rng.random()
        found.append("a number")
    except OSError:
        found.append("OSError")
print(json.dumps(found))
