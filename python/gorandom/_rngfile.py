"""The object that PyCrypto's ``Crypto.Random.new()`` gives, and what a reader of ``io`` has besides."""

import io

from ._front import fill, get_random_bytes


class RNGFile:
    """An endless file of random bytes. Closing it ends only this object's reading."""

    __slots__ = ("_closed", "__weakref__")

    def __init__(self):
        self._closed = False

    @property
    def closed(self):
        """True after ``close()``."""
        return self._closed

    def _check(self):
        if self._closed:
            raise ValueError("I/O operation on closed file")

    def read(self, bytes):
        """Exactly that number of bytes; ValueError for a negative one, since the stream has no end."""
        self._check()
        return get_random_bytes(bytes)

    def readinto(self, buffer):
        """Fills a writable buffer and returns its size in bytes."""
        self._check()
        fill(buffer)
        return memoryview(buffer).nbytes

    def flush(self):
        """Does nothing."""
        self._check()

    def close(self):
        """May be called more than once."""
        self._closed = True

    def readable(self):
        """True."""
        self._check()
        return True

    def writable(self):
        """False."""
        self._check()
        return False

    def seekable(self):
        """False."""
        self._check()
        return False

    def isatty(self):
        """False."""
        self._check()
        return False

    def fileno(self):
        """OSError: there is no descriptor behind it."""
        raise io.UnsupportedOperation("fileno")

    def __enter__(self):
        self._check()
        return self

    def __exit__(self, *exc_info):
        self.close()


io.RawIOBase.register(RNGFile)
