"""The generator of Windows."""

from __future__ import annotations

import os

from .rng_base import BaseRNG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never

__all__ = ["WindowsRNG"]


class WindowsRNG(BaseRNG):
    """Reads the system's generator. OSError on other systems.

    The name is PyCrypto's. The call behind it is BCryptGenRandom, CryptGenRandom's successor. PyCrypto discarded 128
    KiB around each read because of a weakness in Windows 2000 and XP; later versions do not have it.
    """

    name = "<CryptGenRandom>"

    def __init__(self) -> None:
        if os.name != "nt":
            raise OSError("CryptGenRandom is there on Windows only")
        super().__init__()

    def flush(self) -> None:
        """Do nothing; ValueError after ``close()``."""
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def _close(self) -> None:
        pass

    def _read(self, N: int) -> bytes:
        return os.urandom(N)


def new(*args: Never, **kwargs: Never) -> WindowsRNG:
    """Return a ``WindowsRNG``, which takes no argument."""
    return WindowsRNG(*args, **kwargs)
