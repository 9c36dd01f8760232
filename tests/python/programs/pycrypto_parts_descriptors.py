"""A daemon closes the device's descriptor and opens other files there. Run by test_pycrypto_parts.py."""

import os

from gorandom.compat.pycrypto.Random.OSRNG import posix

rng = posix.new()
os.closerange(3, 100)
assert len(rng.read(16)) == 16
os.closerange(3, 100)
with open("/dev/zero", "rb") as one, open(__import__("sys").executable, "rb") as two, open("/dev/null", "rb") as three:
    assert rng.read(16) != bytes(16)
    os.dup2(one.fileno(), rng._fd)
    taken = rng._fd
    assert rng.read(16) != bytes(16)
    os.dup2(one.fileno(), rng._fd)
    last = rng._fd
    rng.close()
    os.fstat(last)
