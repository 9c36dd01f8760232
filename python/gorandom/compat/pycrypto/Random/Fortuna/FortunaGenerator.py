"""Fortuna's generator (Cryptography Engineering 9.4), with PyCrypto's names."""

from __future__ import annotations

from gorandom import _fortuna, _front

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["AESGenerator"]


class _Counter:
    """A generator's 128-bit little-endian counter."""

    __slots__ = ("_state",)

    def __init__(self, state: _front.State) -> None:
        self._state = state

    def next_value(self) -> int:
        """Return the number that the next block is made from, without advancing the counter."""
        return int.from_bytes(self._state.call(_front.GENERATOR_COUNTER), "little")

    def __call__(self) -> bytes:
        """Return the same number as 16 bytes, and add one to the counter."""
        return self._state.call(_front.GENERATOR_STEP)


def _in_python(operation: int, key: bytes | None, counter: bytes, data: bytes, n: int) -> tuple[bytes, bytes, bytes]:
    """Do what the core would, from this key and counter. Return the next key and counter, and the output."""
    generator = _fortuna.Generator(key, int.from_bytes(counter, "little"))
    out = b""
    if operation == _front.GENERATOR_RESEED:
        generator.reseed(data)
    elif operation == _front.GENERATOR_DATA:
        out = generator.data(n)
    else:
        out = generator.request(n)
    assert generator.key is not None
    return generator.key, generator.counter.to_bytes(16, "little"), out


class AESGenerator:
    """AES-256 in counter mode under a key that is replaced after each request of at most 1 MiB.

    It starts without a key and refuses to give bytes (AssertionError) before the first ``reseed()``. Key and counter
    are in memory that core dumps leave out. In a process without a core Python makes the same stream. There a request
    takes a millisecond or two, and a large one some tenths of a second for each MiB. Copies of keys remain in Python's
    memory.
    """

    block_size = 16  # bytes
    block_size_shift = 4  # the size is 2 to this power
    key_size = 32  # bytes
    blocks_per_key = 2
    max_blocks_per_request = 2**16
    max_bytes_per_request = 2**20

    def __init__(self) -> None:
        self._state = _front.State(_front.HAND_GENERATOR)
        self.counter = _Counter(self._state)

    @property
    def key(self) -> bytes | None:
        """The 32 bytes of the key; None before the first ``reseed()``."""
        try:
            return self._state.call(_front.GENERATOR_KEY)
        except AssertionError:
            return None

    def reseed(self, seed: Buffer) -> None:
        """Set the key to SHAd256(key, seed), where the first key is zeros, and add one to the counter (9.4.2)."""
        self._state.call(_front.GENERATOR_RESEED, seed, 0, _in_python)

    def pseudo_random_data(self, bytes: int) -> bytes:
        """Return this number of bytes, in requests of 1 MiB and one for the rest, even if nothing is left (9.4.4).

        So the key is replaced once for 0 bytes and twice for exactly 1 MiB. AssertionError if the number is
        negative, or before the first ``reseed()``.
        """
        if bytes < 0:
            raise AssertionError
        return self._state.call(_front.GENERATOR_DATA, b"", bytes, _in_python)

    def _pseudo_random_data(self, bytes: int) -> bytes:
        """Make one request; AssertionError for more than 1 MiB."""
        if not 0 <= bytes <= self.max_bytes_per_request:
            raise AssertionError("You cannot ask for more than 1 MiB of data per request")
        return self._state.call(_front.GENERATOR_REQUEST, b"", bytes, _in_python)
