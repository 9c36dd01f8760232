"""What a program says to scripted.c, which is preloaded into it. The program is in direct mode."""

import ctypes
import random

import gorandom

_library = ctypes.CDLL(None)
_library.script_bytes.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
_library.script_clock.argtypes = [ctypes.c_longlong]
_kept = []


def feed(data):
    """The next draws of this thread are made from these bytes, as long as the clock is frozen."""
    _library.script_end()
    gorandom.reseed()  # what the pool has is stale now
    # The pool reads ahead, and refuses a kernel that repeats itself.
    padded = bytes(data) + random.Random(0).randbytes(8192)
    _kept.append(padded)
    _library.script_bytes(padded, len(padded))


def end():
    _library.script_end()
    gorandom.reseed()


def clock(milliseconds):
    _library.script_clock(milliseconds)
