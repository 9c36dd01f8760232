"""A generator that must not be used. The demo compares gorandom with it.

Its output is as random as any other, until its process forks. It is seeded once, at import, and a fork copies its state,
so every child continues with the same bytes.
"""

import hashlib
import os

_key = os.urandom(32)
_counter = 0


def get_random_bytes(n):
    global _counter
    out = bytearray()
    while len(out) < n:
        out += hashlib.sha256(_key + _counter.to_bytes(16, "little")).digest()
        _counter += 1
    return bytes(out[:n])


def atfork():
    """Does nothing, as in many programs."""
