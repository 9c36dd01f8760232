"""PyCrypto's deprecated ``Crypto.Util.randpool``: the old pool's names over gorandom's stream."""

import warnings

from gorandom import new

from ..pct_warnings import RandomPool_DeprecationWarning

__all__ = ["RandomPool"]


class RandomPool:
    """Deprecated, and says so by a ``RandomPool_DeprecationWarning``: use ``gorandom.new()``.

    ``numbytes`` is what ``bytes`` (and, as bits, ``bits`` and ``entropy``) will say; the other arguments and
    all that is stirred in do nothing, as in PyCrypto since 2.1. ``gorandom.add_event()`` takes events.
    """

    def __init__(self, numbytes=160, cipher=None, hash=None, file=None):
        warnings.warn(
            "This application uses RandomPool, which is BROKEN in older releases."
            "  See http://www.pycrypto.org/randpool-broken",
            RandomPool_DeprecationWarning,
            stacklevel=2,
        )
        self._rng = new()
        self.bytes = numbytes
        self.bits = self.entropy = numbytes * 8

    def get_bytes(self, N):
        """N random bytes; errors as of ``RNGFile.read``."""
        return self._rng.read(N)

    def getBytes(self, N):
        """As ``get_bytes``."""
        return self.get_bytes(N)

    def _updateEntropyEstimate(self, nbits):
        self.entropy = max(0, min(self.bits, self.entropy + nbits))

    def _randomize(self, N=0, devname="/dev/urandom"):
        """Does nothing."""

    def randomize(self, N=0):
        """Does nothing."""

    def stir(self, s=""):
        """Does nothing."""

    def stir_n(self, N=3):
        """Does nothing."""

    def add_event(self, s=""):
        """Does nothing."""

    def addEvent(self, event, s=""):
        """Does nothing."""
