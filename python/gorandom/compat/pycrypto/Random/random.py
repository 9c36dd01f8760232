"""PyCrypto's ``Crypto.Random.random``, which is ``gorandom.random``."""

from gorandom.random import StrongRandom, choice, getrandbits, randint, randrange, sample, shuffle

__all__ = ["StrongRandom", "choice", "getrandbits", "randint", "randrange", "sample", "shuffle"]
