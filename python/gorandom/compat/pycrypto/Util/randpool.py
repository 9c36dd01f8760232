"""PyCrypto's deprecated ``Crypto.Util.randpool``: the old pool's names over gorandom's stream."""

from __future__ import annotations

import warnings

from gorandom import new

from ..pct_warnings import RandomPool_DeprecationWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins

__all__ = ["RandomPool"]


class RandomPool:
    """Deprecated, with a ``RandomPool_DeprecationWarning``: use ``gorandom.new()``.

    ``bytes`` is ``numbytes``, and ``bits`` and ``entropy`` are the same number in bits. The other arguments and
    everything that is stirred in have no effect, as in PyCrypto since 2.1. ``gorandom.add_event()`` takes events.
    """

    def __init__(self, numbytes: int = 160, cipher: object = None, hash: object = None, file: object = None) -> None:
        warnings.warn(
            "This application uses RandomPool, which is BROKEN in older releases."
            "  See http://www.pycrypto.org/randpool-broken",
            RandomPool_DeprecationWarning,
            stacklevel=2,
        )
        self._rng = new()
        self.bytes = numbytes
        self.bits = self.entropy = numbytes * 8

    def get_bytes(self, N: int) -> builtins.bytes:
        """Return N random bytes; errors as ``RNGFile.read``."""
        return self._rng.read(N)

    def getBytes(self, N: int) -> builtins.bytes:
        """Do the same as ``get_bytes``."""
        return self.get_bytes(N)

    def _updateEntropyEstimate(self, nbits: int) -> None:
        self.entropy = max(0, min(self.bits, self.entropy + nbits))

    def _randomize(self, N: int = 0, devname: str = "/dev/urandom") -> None:
        """Do nothing."""

    def randomize(self, N: int = 0) -> None:
        """Do nothing."""

    def stir(self, s: object = "") -> None:
        """Do nothing."""

    def stir_n(self, N: int = 3) -> None:
        """Do nothing."""

    def add_event(self, s: object = "") -> None:
        """Do nothing."""

    def addEvent(self, event: object, s: object = "") -> None:
        """Do nothing."""
