"""Shared by the programs of test_numpy.py that look at the ready numbers of a bit generator."""

import ctypes

import numpy as np

import gorandom

bit_generator = gorandom.BitGenerator()
rng = np.random.Generator(bit_generator)
c = bit_generator.ctypes
# c.state points to a pointer to the end of the ready bytes.
end = ctypes.c_uint64.from_address(c.state.value).value


def ready():
    # The first ready number. 56 bytes after the end is the offset where the numbers begin.
    at = ctypes.c_int64.from_address(end + 56).value
    return ctypes.c_uint64.from_address(end + at).value if at else None


rng.random(5)
