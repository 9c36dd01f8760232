"""The installed compare_digest compares bytes that valgrind takes to be undefined: test_consttime.py runs this."""

import ctypes
import sys

import gorandom
from gorandom import _front

library = ctypes.CDLL(sys.argv[1])
library.undefined_mark.argtypes = library.undefined_unmark.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
assert library.undefined_watched()


def place(o):
    # The address of the contents, in a CPython with a GIL.
    if isinstance(o, bytearray):
        return ctypes.addressof(ctypes.c_char.from_buffer(o))
    return id(o) + sys.getsizeof(o) - len(o) - 1


def pairs():
    # Two equal objects of the same length, and one that differs at the end.
    for n in (1, 7, 8, 20, 32, 33, 64):
        data = bytes(range(33, 33 + n))
        for kind in (bytes, bytearray, lambda data: data.decode("ascii")):
            yield kind(data), kind(bytes(bytearray(data))), n
            yield kind(data), kind(data[:-1] + b"!"), n


compare = gorandom.compare_digest
for a, b, n in pairs():
    places = place(a), place(b)
    for p in places:
        library.undefined_mark(p, n)
    compare(a, b)
    for p in places:
        library.undefined_unmark(p, n)
    for answer in (True, False):  # their reference counts were changed through an undefined pointer
        library.undefined_unmark(id(answer), sys.getsizeof(answer))

library.undefined_say(b"=== the control")
seconds = float("0.5")
library.undefined_mark(id(seconds) + object.__basicsize__, 8)
_front.wait(seconds)
