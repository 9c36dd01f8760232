"""Each byte that ssl gives is counted by gorandom, which made it. Run by test_openssl.py."""

import os
import ssl

from openssl_served import served

import gorandom
from gorandom import openssl

assert openssl.activate() is None and openssl.active() is True
seen = set()
for n in (0, 1, 15, 16, 17, 1023, 1024, 1025, 3775, 3776, 3777, 4096, 8192, 8193, 1 << 20, (1 << 20) + 1, 20 << 20):
    before = served()
    drawn = ssl.RAND_bytes(n)
    assert len(drawn) == n and served() - before == n, (n, served() - before)
    for i in range(0, n - 15, max(16, n // 64 * 16)):
        seen.add(drawn[i : i + 16])
        assert any(drawn[i : i + 16])
assert gorandom.get_random_bytes(16) not in seen and ssl.RAND_bytes(16) not in seen
assert ssl.RAND_status()
assert gorandom.status().mode == ("direct" if os.environ["GORANDOM_START"] == "never" else "core")
