"""PyCrypto's ``Crypto.Random._UserFriendlyRNG``: private there, but used by programs and tests.

A process has one stream, gorandom's, and ``_get_singleton()`` returns a handle to it. Closing the handle closes only
the handle. Holding its lock does not stop other threads from drawing.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from gorandom import RNGFile, _front, get_random_bytes, new, reseed
from gorandom._status import ask_core

__all__ = ["RNGFile", "get_random_bytes", "new", "reinit"]


class _Accumulator:
    """What remains of PyCrypto's accumulator: the count of reseeds."""

    def __init__(self) -> None:
        self._reinits = 0

    @property
    def reseed_count(self) -> int:
        """The number of reseeds of this process's generator and of calls of ``reinit()``, in any mode."""
        if _front.state()["mode"] == "core":
            try:
                return self._reinits + int(ask_core()["reseeds"][0])
            except RuntimeError:
                pass  # the core is too busy to be asked
        return self._reinits


class _Singleton(RNGFile):
    def __init__(self) -> None:
        super().__init__()
        self._fa = _Accumulator()
        self._renew_lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        # In a forked child the old lock might be held by a thread that does not exist there.
        self._lock = allocate_lock()

    def reinit(self) -> None:
        """Reseed from the kernel before the next byte in any thread; OSError if the kernel refuses."""
        reseed()
        self._fa._reinits += 1


_singleton = _Singleton()


def _get_singleton() -> _Singleton:
    return _singleton


def reinit() -> None:
    """Reseed the generator, like ``gorandom.reseed()``. No program needs this."""
    _singleton.reinit()
