"""The generator of Fortuna (Cryptography Engineering 9.4), with the names of PyCrypto's."""

from gorandom import _front

__all__ = ["AESGenerator"]


class _Counter:
    """A generator's 128-bit little-endian counter."""

    __slots__ = ("_state",)

    def __init__(self, state):
        self._state = state

    def next_value(self):
        """The number that the next block is made from; it stays the next."""
        return int.from_bytes(self._state.call(_front.GENERATOR_COUNTER), "little")

    def __call__(self):
        """That number as 16 bytes; the counter goes up by one."""
        return self._state.call(_front.GENERATOR_STEP)


class AESGenerator:
    """AES-256 in counter mode under a key that is replaced after each request, of at most 1 MiB.

    It starts without a key and refuses to give bytes (AssertionError) before the first ``reseed()``.
    RuntimeError where no core can be had.
    """

    block_size = 16  # bytes
    block_size_shift = 4  # the size is 2 to this
    key_size = 32  # bytes
    blocks_per_key = 2
    max_blocks_per_request = 2**16
    max_bytes_per_request = 2**20

    def __init__(self):
        self._state = _front.State(_front.HAND_GENERATOR)
        self.counter = _Counter(self._state)

    @property
    def key(self):
        """The 32 bytes of the key; None before the first ``reseed()``."""
        try:
            return self._state.call(_front.GENERATOR_KEY)
        except AssertionError:
            return None

    def reseed(self, seed):
        """The key becomes SHAd256(key, seed), the first key being zeros; the counter goes up by one (9.4.2)."""
        self._state.call(_front.GENERATOR_RESEED, seed)

    def pseudo_random_data(self, bytes):
        """That number of bytes, in requests of 1 MiB and one for the rest, even if that is nothing (9.4.4).

        So the key is replaced once for 0 bytes and twice for exactly 1 MiB. AssertionError if the number is
        negative or nothing was seeded.
        """
        if bytes < 0:
            raise AssertionError
        return self._state.call(_front.GENERATOR_DATA, b"", bytes)

    def _pseudo_random_data(self, bytes):
        """One request; AssertionError for more than 1 MiB."""
        if not 0 <= bytes <= self.max_bytes_per_request:
            raise AssertionError("You cannot ask for more than 1 MiB of data per request")
        return self._state.call(_front.GENERATOR_REQUEST, b"", bytes)
