"""What the programs of test_numpy.py share that look at the ready numbers of a bit generator."""

import ctypes

import numpy as np

import gorandom

bit_generator = gorandom.BitGenerator()
rng = np.random.Generator(bit_generator)
c = bit_generator.ctypes
# c.state points to a pointer behind the ready bytes.
end = ctypes.c_uint64.from_address(c.state.value).value


def ready():
    # The first ready number: 48 bytes behind the end stands where they begin.
    at = ctypes.c_int64.from_address(end + 56).value
    return ctypes.c_uint64.from_address(end + at).value if at else None


rng.random(5)
