"""What the system's generators have in common."""


class BaseRNG:
    """A reader of random bytes. A subclass has a ``name``, ``_read(N)`` and ``_close()``.

    Making one draws twice: AssertionError "read truncated" or "OS RNG returned duplicate data" if the source
    is none.
    """

    def __init__(self):
        self.closed = False
        self._selftest()

    def __del__(self):
        # A subclass whose source could not be opened has nothing to close.
        if not getattr(self, "closed", True):
            self.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def _selftest(self):
        one, two = self.read(16), self.read(16)
        if len(one) != 16:
            raise AssertionError("read truncated")
        if one == two:
            raise AssertionError("OS RNG returned duplicate data")

    def close(self):
        """May be called more than once."""
        if not self.closed:
            self._close()
        self.closed = True

    def flush(self):
        """Does nothing."""

    def read(self, N=-1):
        """Exactly N bytes.

        ValueError after ``close()`` and for a negative N, which is the default, since the stream has no end;
        TypeError for what is no int; AssertionError if the source gives fewer.
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

    def _close(self):
        raise NotImplementedError("child class must implement this")

    def _read(self, N):
        raise NotImplementedError("child class must implement this")
