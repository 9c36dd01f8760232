"""Fortuna's accumulator (Cryptography Engineering 9.5), with PyCrypto's names."""

from __future__ import annotations

import time
import warnings

from ...pct_warnings import ClockRewindWarning
from . import FortunaGenerator, SHAd256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["FortunaAccumulator", "FortunaPool", "which_pools"]


class FortunaPool:
    """A hash of the events of one pool. ``length`` is the number of bytes appended since the last reset."""

    digest_size = SHAd256.digest_size

    def __init__(self) -> None:
        self.reset()

    def append(self, data: Buffer) -> None:
        """Add bytes; TypeError for a str."""
        self._hash.update(data)
        self.length += memoryview(data).nbytes

    def digest(self) -> bytes:
        """Return the SHAd256 digest of everything that was appended."""
        return self._hash.digest()

    def hexdigest(self) -> str:
        """Return ``digest()`` as a str of hexadecimal digits."""
        return self._hash.hexdigest()

    def reset(self) -> None:
        """Empty the pool."""
        self._hash = SHAd256.new()
        self.length = 0


def which_pools(r: int) -> list[int]:
    """Return the numbers of the pools that reseed number r uses: pool i if 2**i divides r (9.5.2).

    AssertionError if r < 1.
    """
    if not r >= 1:
        raise AssertionError
    return list(range(min((r & -r).bit_length(), 32)))


class FortunaAccumulator:
    """32 pools of events and the generator that they seed.

    Only its caller feeds it. Before its first reseed it gives no bytes but raises AssertionError. Two threads must not
    use it at once.
    """

    min_pool_size = 64  # bytes in pool 0 before it may seed; 9.5.5
    reseed_interval = 0.100  # seconds; 9.5.5: so that the 32 pools last longer than an attacker who floods them

    def __init__(self) -> None:
        self.reseed_count = 0
        self.last_reseed: float | None = None  # a time.time()
        self.generator = FortunaGenerator.AESGenerator()
        self.pools = [FortunaPool() for _ in range(32)]

    def _forget_last_reseed(self) -> None:
        """Let the next request reseed, even if the last reseed was recent."""
        self.last_reseed = None

    def random_data(self, bytes: int) -> bytes:
        """Return this number of bytes. Reseed first if pool 0 is full enough and the last reseed was long enough ago.

        AssertionError before the first reseed. ClockRewindWarning if the clock shows a time before the last reseed.
        """
        now = time.time()
        if self.last_reseed is not None and now < self.last_reseed:
            warnings.warn("Clock rewind detected. Resetting last_reseed.", ClockRewindWarning, stacklevel=2)
            self._forget_last_reseed()
        rested = self.last_reseed is None or now > self.last_reseed + self.reseed_interval
        if rested and self.pools[0].length >= self.min_pool_size:
            self._reseed(now)
        return self.generator.pseudo_random_data(bytes)

    def _reseed(self, current_time: float | None = None) -> None:
        """Seed the generator with the digests of the pools that are due, and empty those pools (9.5.2)."""
        self.reseed_count += 1
        self.last_reseed = time.time() if current_time is None else current_time
        due = [self.pools[i] for i in which_pools(self.reseed_count)]
        seed = b"".join([pool.digest() for pool in due])
        for pool in due:
            pool.reset()
        self.generator.reseed(seed)

    def add_random_event(self, source_number: int, pool_number: int, data: bytes | bytearray | memoryview) -> None:
        """Append 1 to 32 bytes from source 0 to 255 to pool 0 to 31, after a byte for the source and one for the size.

        AssertionError for other numbers. See 9.5.1.
        """
        size = len(data)
        if not (1 <= size <= 32 and 0 <= source_number <= 255 and 0 <= pool_number <= 31):
            raise AssertionError
        self.pools[pool_number].append(b"".join((bytes((source_number, size)), data)))
