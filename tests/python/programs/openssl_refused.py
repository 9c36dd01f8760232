"""Where the kernel gives no bytes OpenSSL fails, and its buffer is zeros. Run by test_openssl.py."""

import ctypes
import errno
import ssl

import confine
from openssl_served import served
from openssl_without_gil import rand

from gorandom import openssl

buffer = ctypes.create_string_buffer(b"x" * 64)
confine.refuse("getrandom", errno.EIO)
before = served()
failures = 0
for _ in range(200):
    buffer.raw = b"x" * 64
    if rand(buffer, 64) != 1:
        failures += 1
        assert buffer.raw[:64] == bytes(64), buffer.raw
assert failures and served() - before == 64 * (200 - failures)
try:
    ssl.RAND_bytes(16)
except ssl.SSLError:
    pass
else:
    raise AssertionError("ssl.RAND_bytes gave bytes")
try:
    openssl.activate()
except OSError:
    pass
else:
    raise AssertionError("activate() proved what is not so")
