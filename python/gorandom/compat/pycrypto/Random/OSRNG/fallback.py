"""The system's generator through Python's ``os.urandom``."""

import os

from .rng_base import BaseRNG

__all__ = ["PythonOSURandomRNG"]


class PythonOSURandomRNG(BaseRNG):
    """Reads ``os.urandom``."""

    name = "<os.urandom>"

    def _close(self):
        pass

    def _read(self, N):
        return os.urandom(N)


def new(*args, **kwargs):
    """A ``PythonOSURandomRNG``, which takes no argument."""
    return PythonOSURandomRNG(*args, **kwargs)
