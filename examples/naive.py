"""A generator that must not be used: what the demo compares with.

Its output is as random as any, until its process forks. It is seeded once, at import, and a fork copies its
state, so that every child goes on with the same bytes.
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
    """Nothing, like many a program's."""
