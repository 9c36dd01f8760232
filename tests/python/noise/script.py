"""What a program says to scripted.c, which is preloaded into it. The program is in direct mode."""

import ctypes
import random

import gorandom

_library = ctypes.CDLL(None)
_library.script_bytes.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
_library.script_clock.argtypes = [ctypes.c_longlong]
_library.script_left.restype = ctypes.c_size_t
_kept = []


def feed(data):
    """The next draws of this thread are made from these bytes, as long as the clock is frozen."""
    end()  # what the pool has is stale now
    # The pool reads ahead, and refuses a kernel that repeats itself.
    padded = bytes(data) + random.Random(0).randbytes(8192)
    _kept.append(padded)
    _library.script_bytes(padded, len(padded))


def left():
    """How many of those bytes have not been read."""
    return _library.script_left()


def marked(mark, size):
    """Bytes that do not repeat, and whose upper halves are all this number under 16: marks() finds it again."""
    return random.Random(mark).randbytes(size).translate(bytes(mark << 4 | low & 15 for low in range(256)))


def marks(data):
    return {byte >> 4 for byte in data}


def end():
    _library.script_end()
    gorandom.reseed()
    gorandom.get_random_bytes(2048)  # straight from the kernel, which may now give what it gave before this


def clock(milliseconds):
    _library.script_clock(milliseconds)
