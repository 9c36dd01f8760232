"""Draws of the kind that argv[2] names, after the kernel has stopped giving bytes. Run by test_numpy.py."""

import errno
import sys

import confine
import numpy as np

import gorandom

bit_generator = gorandom.BitGenerator()
rng = np.random.Generator(bit_generator)
c = bit_generator.ctypes


def with_a_core():
    assert len(set(rng.random(300_000))) > 299_000


def without_a_core():
    for draw in (rng.random, lambda: rng.integers(0, 9, 1000), bit_generator.random_raw, bit_generator.lock.acquire):
        try:
            draw()
        except OSError as e:
            assert "gives no bytes" in str(e), e
        else:
            raise AssertionError("numbers")
        assert not bit_generator.lock.locked()


def past_the_lock():
    c.next_uint64(c.state)
    print("numbers")


def outruns():
    """Draw more than is ready."""
    rng.random(100_000)
    print("numbers")


gorandom.get_random_bytes(16)
if sys.argv[1] == "ready":
    rng.random()
confine.refuse("getrandom", errno.EIO)
{"with a core": with_a_core, "without a core": without_a_core, "past the lock": past_the_lock, "outruns": outruns}[
    sys.argv[2]
]()
