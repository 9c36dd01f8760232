"""Fortuna objects in a forked child. Run by test_pycrypto_fortuna.py."""

import os

from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256

generator, h = FortunaGenerator.AESGenerator(), SHAd256.new(b"abc")
generator.reseed(b"Hello")
generator.pseudo_random_data(32)
child = os.fork()
drawn = generator.pseudo_random_data(32).hex(), h.digest() == SHAd256.new(b"abc").digest()
good = drawn == ("fd6648ba3086e919cee34904ef09a7ff021f77580558b8c3e9248275f23042bf", True)
if not child:
    os._exit(not good)
assert good and os.waitpid(child, 0)[1] == 0
