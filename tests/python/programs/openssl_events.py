"""Bytes added to OpenSSL's generator become an event in gorandom. Run by test_openssl.py."""

import ssl

import gorandom._openssl

from gorandom import openssl

openssl.activate()
for data in (b"x", b"y" * 32, b"z" * 33, "text", b"w" * 100_000):
    before = gorandom.status().events
    ssl.RAND_add(data, 1.5)
    assert gorandom.status().events == before + 1, len(data)
before = gorandom.status().events
ssl.RAND_add(b"", 0.0)
assert gorandom.status().events == before
assert ssl.RAND_bytes(16) != ssl.RAND_bytes(16)
