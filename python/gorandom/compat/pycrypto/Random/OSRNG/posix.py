"""The random device of a POSIX system."""

from __future__ import annotations

import os
import stat

from gorandom import _front

from .rng_base import BaseRNG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["DevURandomRNG"]


class DevURandomRNG(BaseRNG):
    """Reads a character device, by default /dev/urandom. For that one it waits until the kernel has been seeded.

    TypeError for another kind of file; OSError if it cannot be opened.
    """

    def __init__(self, devname: Any = None) -> None:
        self.name = "/dev/urandom" if devname is None else devname
        if self.name == "/dev/urandom":
            _front.wait(None)  # the device itself would give bytes that are not random yet
        self._open()
        super().__init__()

    def _open(self) -> None:
        with open(self.name, "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISCHR(found.st_mode):
                raise TypeError("%r is not a character special device" % (self.name,))
            self._fd = os.dup(file.fileno())
        self._device = found.st_dev, found.st_ino, found.st_rdev

    def _mine(self) -> bool:
        # A daemon may close all descriptors that it finds, and open others with the same numbers.
        try:
            found = os.fstat(self._fd)
        except OSError:
            return False
        return (found.st_dev, found.st_ino, found.st_rdev) == self._device

    def _close(self) -> None:
        if self._mine():
            os.close(self._fd)

    def _read(self, N: int) -> bytes:
        if not self._mine():
            self._open()
        parts = []
        while N and (part := os.read(self._fd, N)):
            parts.append(part)
            N -= len(part)
        return b"".join(parts)


def new(*args: Any, **kwargs: Any) -> DevURandomRNG:
    """Return a ``DevURandomRNG``."""
    return DevURandomRNG(*args, **kwargs)
