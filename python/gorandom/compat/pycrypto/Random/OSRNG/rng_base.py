"""The base class of the system's generators."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class BaseRNG:
    """A reader of random bytes. A subclass has a ``name``, ``_read(N)`` and ``_close()``.

    The constructor draws twice. AssertionError "read truncated" or "OS RNG returned duplicate data" if the source
    gives too few bytes or repeats itself.
    """

    name: Any

    def __init__(self) -> None:
        self.closed = False
        self._selftest()

    def __del__(self) -> None:
        # A subclass whose source could not be opened has nothing to close.
        if not getattr(self, "closed", True):
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _selftest(self) -> None:
        one, two = self.read(16), self.read(16)
        if len(one) != 16:
            raise AssertionError("read truncated")
        if one == two:
            raise AssertionError("OS RNG returned duplicate data")

    def close(self) -> None:
        """Close the source. May be called more than once."""
        if not self.closed:
            self._close()
        self.closed = True

    def flush(self) -> None:
        """Do nothing."""

    def read(self, N: int = -1) -> bytes:
        """Return exactly N bytes.

        ValueError after ``close()``, and for a negative N (the default), because the stream has no end. TypeError if N
        is not an int, AssertionError if the source gives fewer bytes.
        """
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if not isinstance(N, int):
            raise TypeError("an integer is required")
        if N < 0:
            raise ValueError("cannot read to end of infinite stream")
        data = self._read(N) if N else b""
        if len(data) != N:
            raise AssertionError("%s produced truncated output (requested %d, got %d)" % (self.name, N, len(data)))
        return data

    def _close(self) -> None:
        raise NotImplementedError("child class must implement this")

    def _read(self, N: int) -> bytes:
        raise NotImplementedError("child class must implement this")
