"""The system's generator through Python's ``os.urandom``."""

from __future__ import annotations

import os

from .rng_base import BaseRNG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never

__all__ = ["PythonOSURandomRNG"]


class PythonOSURandomRNG(BaseRNG):
    """Reads ``os.urandom``."""

    name = "<os.urandom>"

    def _close(self) -> None:
        pass

    def _read(self, N: int) -> bytes:
        return os.urandom(N)


def new(*args: Never, **kwargs: Never) -> PythonOSURandomRNG:
    """Return a ``PythonOSURandomRNG``, which takes no argument."""
    return PythonOSURandomRNG(*args, **kwargs)
