"""PyCrypto's ``Crypto.Random.Fortuna``: the parts of the generator, driven by hand.

The Go core runs a generator's algorithm, so its vectors can be checked from Python. In a process without a core,
Python code does. The stream is the same, even if an object is used first with a core and then without, or the other
way round. Each object holds its state in its own memory, which core dumps leave out. A forked child inherits that
state, as with any object, so such a generator does repeat in a child. For random bytes to use, take those of
``gorandom`` itself. No object may be used by two threads at once (RuntimeError).
"""

from . import FortunaAccumulator, FortunaGenerator, SHAd256

__all__ = ["FortunaAccumulator", "FortunaGenerator", "SHAd256"]
