"""Shared by the programs of test_numpy.py that fork: two generators, and tokens that they make."""

import numpy as np

import gorandom

rngs = [np.random.Generator(gorandom.BitGenerator()) for _ in range(2)]
c = rngs[1].bit_generator.ctypes


def tokens(large=False):
    (first,) = (c.next_uint64(c.state),)  # without the lock, so that only the page shows the fork
    found = [first.to_bytes(8, "little") + c.next_uint64(c.state).to_bytes(8, "little")]
    found += [rng.bytes(16) for rng in rngs]
    found.append(rngs[0].random(2).tobytes())
    if large:
        found.append(rngs[1].random(200_000)[-2:].tobytes())
    return found
