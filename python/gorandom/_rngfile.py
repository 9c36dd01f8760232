"""The object that PyCrypto's ``Crypto.Random.new()`` returns, with the methods of an ``io`` reader."""

import io

from ._front import fill, get_random_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never, Self

    from typing_extensions import Buffer


class RNGFile:
    """An endless file of random bytes. Closing it closes only this object; the stream goes on."""

    __module__ = "gorandom"

    __slots__ = ("_closed", "__weakref__")

    def __init__(self) -> None:
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._closed

    def _check(self) -> None:
        if self._closed:
            raise ValueError("I/O operation on closed file")

    def read(self, bytes: int) -> bytes:
        """Return exactly this number of bytes. ValueError if it is negative, because the stream has no end."""
        self._check()
        return get_random_bytes(bytes)

    def readinto(self, buffer: "Buffer") -> int:
        """Fill a writable buffer and return its size in bytes."""
        self._check()
        fill(buffer)
        return memoryview(buffer).nbytes

    def flush(self) -> None:
        """Do nothing."""
        self._check()

    def close(self) -> None:
        """Close this object. May be called more than once."""
        self._closed = True

    def readable(self) -> bool:
        """Return True."""
        self._check()
        return True

    def writable(self) -> bool:
        """Return False."""
        self._check()
        return False

    def seekable(self) -> bool:
        """Return False."""
        self._check()
        return False

    def isatty(self) -> bool:
        """Return False."""
        self._check()
        return False

    def fileno(self) -> "Never":
        """Raise OSError, because there is no descriptor behind this object."""
        raise io.UnsupportedOperation("fileno")

    def __enter__(self) -> "Self":
        self._check()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


io.RawIOBase.register(RNGFile)
