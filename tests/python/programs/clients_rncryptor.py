"""RNCryptor draws from gorandom, in a parent and in forked children: test_clients.py runs this."""

import os

import rncryptor

# isort: split
import gorandom.compat.pycrypto.Random  # after the client, which must itself find everything that it needs

assert rncryptor.Random is gorandom.compat.pycrypto.Random, rncryptor.Random
assert rncryptor.decrypt(rncryptor.encrypt("text", "password"), "password") == "text"


# A record is: version, options, 8 bytes of salt, 8 of another, 16 of an initial vector, ...
def drawn():
    return rncryptor.encrypt("text", "password")[2:34]


r, w = os.pipe()
for _ in range(3):
    if not os.fork():
        os.write(w, drawn())
        os._exit(0)
for _ in range(3):
    assert os.wait()[1] == 0
theirs = os.read(r, 1000)
records = [drawn()] + [theirs[i : i + 32] for i in range(0, 96, 32)]
parts = {(i, r[i:j]) for r in records for i, j in ((0, 8), (8, 16), (16, 32))}
assert len(records) == 4 and len(parts) == 12, "children repeat the parent's salts"
print("sound")
