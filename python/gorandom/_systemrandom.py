"""``random.SystemRandom`` over gorandom's stream."""

from __future__ import annotations

import random
from math import cos, log, sqrt, tau

from ._front import Numbers, numbers, urandom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Never

# random.SystemRandom's words, and what to do instead.
NO_STATE = "System entropy source does not have state. Share this object, or make another where it is needed."

_RESOLUTION = 2.0**-53  # a float's mantissa has 53 bits


class SystemRandom(random.SystemRandom, Numbers):
    """A replacement for ``random.SystemRandom``, and a subclass of it, whose methods draw from gorandom.

    It has no state: seeding it does nothing, and it can be neither copied nor pickled (NotImplementedError). Share one
    object instead; any thread and any forked child may use it. Each draw raises ``BlockingIOError`` while the system's
    generator is not ready, as ``gorandom.urandom`` does (PEP 522).
    """

    __module__ = "gorandom"

    # The source of bytes for the methods in Python. A subclass may wait where this one raises.
    _bytes = staticmethod(urandom)

    def random(self) -> float:
        """Return a float, 0.0 <= x < 1.0, from 53 random bits: each multiple of 2**-53 has the same probability."""
        return (int.from_bytes(self._bytes(7), "big") >> 3) * _RESOLUTION

    def getrandbits(self, k: int) -> int:
        """Return an integer of k random bits: the high ones of ceil(k / 8) bytes, big-endian."""
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        size = (k + 7) // 8  # bytes
        return int.from_bytes(self._bytes(size), "big") >> (8 * size - k)

    def randbytes(self, n: int) -> bytes:
        """Return ``n`` random bytes; errors as ``os.urandom``."""
        return self._bytes(n)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """Return a normally distributed float; ``mu`` is the mean, ``sigma`` the standard deviation.

        ``random.Random`` makes two numbers at a time and keeps the second, which a forked child inherits. Here nothing
        is kept: ``gauss_next`` is neither set nor used.
        """
        angle = self.random() * tau
        radius = sqrt(-2.0 * log(1.0 - self.random()))
        return mu + cos(angle) * radius * sigma

    def seed(self, *args: Any, **kwds: Any) -> None:
        """Do nothing, with any arguments; ``gauss_next`` is not changed either."""

    def getstate(self, *args: Any, **kwds: Any) -> Never:
        """Raise NotImplementedError, as copying and pickling do: there is no state to save."""
        raise NotImplementedError(NO_STATE)

    def setstate(self, *args: Any, **kwds: Any) -> Never:
        """Raise NotImplementedError: there is no state to set."""
        raise NotImplementedError(NO_STATE)


# C does the work of these and of random.Random's methods where arguments are plain, and calls them in all other cases.
# So whatever differs between versions of Python is as in the running one.
PYTHON: dict[str, Callable[..., Any]] = {
    name: getattr(SystemRandom, name)
    for name in ("getrandbits", "_randbelow", "randrange", "randint", "random", "choice", "shuffle", "sample")
}
numbers("SystemRandom", globals(), PYTHON)
for _name in PYTHON:
    setattr(SystemRandom, _name, getattr(Numbers, _name))
