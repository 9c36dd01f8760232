"""Draws within a second and in the next one, on a clock that this program sets. Run by test_clock.py."""

import ctypes
import json
import time

import gorandom
from gorandom import _front

library = ctypes.CDLL(None)
calls, shows = (ctypes.c_long.in_dll(library, "clock_" + name) for name in ("calls", "shows"))


def drawn():
    before = _front.state()["direct_bytes"]
    gorandom.get_random_bytes(16)
    return _front.state()["direct_bytes"] - before


gorandom.get_random_bytes(5000)  # from now on each refill fills a whole pool
gorandom.get_random_bytes(16)
within = drawn()
before = calls.value
for _ in range(200):
    gorandom.get_random_bytes(1)
asked = calls.value - before
later = []
for second in 1, -3600, 7200:
    shows.value += second
    time.sleep(0.05)  # not by time()
    later.append(drawn() > 1000)
print(json.dumps({"within": within, "asked": asked, "later": later}))
