"""``random.SystemRandom`` over gorandom's stream."""

import random

from ._front import urandom

_RESOLUTION = 2.0**-53  # a float's mantissa has 53 bits


class SystemRandom(random.Random):
    """Every method of ``random.Random``, drawn from gorandom; in the place of ``random.SystemRandom``.

    It has no state: seeding it does nothing, and it can be neither saved nor pickled. Each draw raises
    ``BlockingIOError`` while the system's generator is not ready, where ``gorandom.urandom`` does (PEP 522).
    """

    # A method's source of bytes, so that a subclass may wait where this one raises.
    _bytes = staticmethod(urandom)

    def random(self):
        """A float, 0.0 <= x < 1.0: 53 random bits, each multiple of 2**-53 as likely as any other."""
        return (int.from_bytes(self._bytes(7), "big") >> 3) * _RESOLUTION

    def getrandbits(self, k):
        """An integer of ``k`` random bits: the high ones of ceil(k / 8) bytes, big-endian.

        ``ValueError`` for a negative ``k``; 0 for 0.
        """
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        size = (k + 7) // 8  # bytes
        return int.from_bytes(self._bytes(size), "big") >> (8 * size - k)

    def randbytes(self, n):
        """``n`` random bytes; errors as ``os.urandom``."""
        return self._bytes(n)

    def seed(self, *args, **kwds):
        """Does nothing, with any arguments; ``gauss_next`` stays too."""

    def getstate(self, *args, **kwds):
        """NotImplementedError: there is no state to save. Copying and pickling end here too."""
        raise NotImplementedError("System entropy source does not have state.")

    def setstate(self, *args, **kwds):
        """NotImplementedError: there is no state to set."""
        raise NotImplementedError("System entropy source does not have state.")
