"""PyCrypto's ``Crypto.Random.Fortuna``: the parts of the generator, driven by hand.

A generator's algorithm is the Go core's own, so its vectors can be checked from Python; in a process without a core it
is Python's. The stream is the same, also if an object outlives the one or the other. Each object holds its state in
memory of its own, left out of core dumps. A forked child finds it as it was, as it finds any object, so such a
generator does repeat in a child: random bytes to use come from ``gorandom`` itself. No object may be used by two
threads at once (RuntimeError).
"""

from . import FortunaAccumulator, FortunaGenerator, SHAd256

__all__ = ["FortunaAccumulator", "FortunaGenerator", "SHAd256"]
