"""PyCrypto's ``Crypto.Random._UserFriendlyRNG``: private there, but used by programs and tests.

There is one stream in a process, gorandom's, and what ``_get_singleton()`` gives is a handle to it. Closing
the handle ends only reading through it; holding its lock stops nobody from drawing.
"""

import os
from _thread import allocate_lock

from gorandom import RNGFile, _front, get_random_bytes, new, reseed
from gorandom._status import ask_core

__all__ = ["RNGFile", "get_random_bytes", "new", "reinit"]


class _Accumulator:
    """What is left of PyCrypto's accumulator: the count of reseeds."""

    def __init__(self):
        self._reinits = 0

    @property
    def reseed_count(self):
        """Goes up at each reseed of this process's generator and at each ``reinit()``, in any mode."""
        if _front.state()["mode"] == "core":
            try:
                return self._reinits + int(ask_core()["reseeds"][0])
            except RuntimeError:
                pass  # too busy to be asked
        return self._reinits


class _Singleton(RNGFile):
    def __init__(self):
        super().__init__()
        self._fa = _Accumulator()
        self._renew_lock()
        os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self):
        # In a forked child it might be held by a thread that does not exist there.
        self._lock = allocate_lock()

    def reinit(self):
        """Reseeds from the kernel, before the next byte in any thread; OSError if the kernel refuses."""
        reseed()
        self._fa._reinits += 1


_singleton = _Singleton()


def _get_singleton():
    return _singleton


def reinit():
    """Reseeds the generator, as ``gorandom.reseed()``. No program needs it."""
    _singleton.reinit()
