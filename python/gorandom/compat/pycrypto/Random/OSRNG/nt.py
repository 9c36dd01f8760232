"""The generator of Windows."""

import os

from .rng_base import BaseRNG

__all__ = ["WindowsRNG"]


class WindowsRNG(BaseRNG):
    """Reads the system's generator. OSError on other systems.

    The name is PyCrypto's; the call behind it is BCryptGenRandom, CryptGenRandom's successor. PyCrypto threw
    away 128 KiB around each read, against a weakness of Windows 2000 and XP; later ones do not have it.
    """

    name = "<CryptGenRandom>"

    def __init__(self):
        if os.name != "nt":
            raise OSError("CryptGenRandom is there on Windows only")
        super().__init__()

    def flush(self):
        """Does nothing; ValueError after ``close()``."""
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def _close(self):
        pass

    def _read(self, N):
        return os.urandom(N)


def new(*args, **kwargs):
    """A ``WindowsRNG``, which takes no argument."""
    return WindowsRNG(*args, **kwargs)
