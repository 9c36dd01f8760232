"""HMAC with each hash of PyCryptodome's. Run by test_pycrypto_hmac.py."""

import hmac
from importlib import import_module

import Crypto.Hash  # noqa: F401
from Crypto.Hash import HMAC as theirs
from gorandom.compat.pycrypto.Hash import HMAC

for name in ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA3_224", "SHA3_256", "SHA3_384", "SHA3_512"):
    module = import_module("Crypto.Hash." + name)
    for key in (
        b"key",
        bytes(64),
        bytes(72),
        bytes(104),
        bytes(128),
        bytes(136),
        bytes(144),
        bytes(200),
        memoryview(b"key"),
    ):
        expected = hmac.digest(bytes(key), b"message", name.lower())
        for digestmod in (module, module.new()):
            mac = HMAC.new(key, b"message", digestmod)
            assert mac.digest() == expected == theirs.new(key, b"message", digestmod).digest(), name
            assert mac.digest_size == module.digest_size
            # SHA-3 objects accept no more data after a digest, but this one does.
            assert mac.update(b"more").copy().digest() == hmac.digest(bytes(key), b"messagemore", name.lower()), name
assert HMAC.new(b"key").digest() == theirs.new(b"key").digest()
print("sound")
