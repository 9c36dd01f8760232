"""Draws before the kernel's generator is ready. Run by test_weather.py."""

import errno
import json

import confine
from interrupted import is_interrupted

import gorandom

confine.refuse("getrandom", errno.EAGAIN)
found = {}
for name, draw in {"urandom": lambda: gorandom.urandom(16), "large": lambda: gorandom.urandom(300_000)}.items():
    try:
        draw()
        found[name] = "bytes"
    except BlockingIOError as e:
        found[name] = str(e)

buffer = bytearray(100_000)
for name, draw in {
    "get_random_bytes": lambda: gorandom.get_random_bytes(16),
    "fill": lambda: gorandom.fill(buffer),
    "wait": lambda: gorandom.wait_for_system_rng(),
    "reseed": lambda: gorandom.reseed(),
}.items():
    found[name] = "interrupted" if is_interrupted(draw) else "bytes"
for timeout in (0, 0.05):
    try:
        gorandom.wait_for_system_rng(timeout=timeout)
    except TimeoutError:
        found[f"timeout {timeout}"] = "TimeoutError"
found["untouched"] = buffer.count(0) == len(buffer)
found["ready"] = gorandom.status().ready
print(json.dumps(found))
