"""A program written for PyCrypto, over gorandom: one line before its imports."""

import gorandom

gorandom.install_as_crypto()

import Crypto.Random  # noqa: E402
from Crypto.Random import get_random_bytes  # noqa: E402

rng = Crypto.Random.new()
print("new().read(16)       ", rng.read(16).hex())
print("get_random_bytes(16) ", get_random_bytes(16).hex())
Crypto.Random.atfork()  # still there; no longer needed
assert get_random_bytes is gorandom.get_random_bytes
