"""Children draw different numbers. Run by test_pycrypto_random.py."""

import os

from gorandom import random

random.getrandbits(128)
seen = set()
for _ in range(20):
    r, w = os.pipe()
    if not os.fork():
        os.write(w, random.getrandbits(128).to_bytes(16, "big"))
        os._exit(0)
    os.wait()
    seen.add(os.read(r, 16))
    seen.add(random.getrandbits(128).to_bytes(16, "big"))
assert len(seen) == 40
