"""A digest of the generator's output in pieces of many sizes. Run by test_keystream.py."""

import hashlib

from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator

import gorandom

gorandom.get_random_bytes(1 << 20)
print(gorandom.status().keystream)
g = FortunaGenerator.AESGenerator()
g.reseed(b"seed")
h = hashlib.sha256()
for n in [*range(1026), 65535, 65536, 65537, 1 << 20, (1 << 20) + 17]:
    h.update(g.pseudo_random_data(n))
print(h.hexdigest())
