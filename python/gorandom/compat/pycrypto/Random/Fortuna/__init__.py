"""PyCrypto's ``Crypto.Random.Fortuna``: the parts of the generator, driven by hand.

They are the Go core's own algorithm, so its vectors can be checked from Python. Each object holds its state in
memory of its own, left out of core dumps; a forked child finds it as it was, as it finds any object, so such a
generator does repeat in a child: random bytes to use come from ``gorandom`` itself. Where no core can be had,
RuntimeError says why. No object may be used by two threads at once (RuntimeError).
"""

from . import FortunaAccumulator, FortunaGenerator, SHAd256

__all__ = ["FortunaAccumulator", "FortunaGenerator", "SHAd256"]
