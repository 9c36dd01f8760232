"""HMACs of more than 2 GiB, by all functions: test_hmac.py runs this."""

import hashlib
import hmac as stdlib
import mmap

from gorandom import hmac

SIZE = 2**31 + 9  # bytes
zeros = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)
key = bytes(SIZE)  # new() does not take an mmap; these zeros from the C library are not resident either

# Digests that the core has but the front lacks.
want = stdlib.new(b"key", zeros, "sha1").digest()
assert hmac.digest(b"key", zeros, "sha1") == want
assert hmac.Key(b"key", "sha1").digest(zeros) == want
want = stdlib.new(hashlib.sha1(zeros).digest(), b"message", "sha1").digest()
assert hmac.digest(key, b"message", "sha1") == want
assert hmac.Key(zeros, "sha1").digest(b"message") == want
assert hmac.new(key, b"message", "sha1").digest() == want

# An object that is used for more than one tag.
made = hmac.new(key, b"mess", "sha256")
made.update(b"age")
assert made.digest() == hmac.digest(key, b"message", "sha256")
