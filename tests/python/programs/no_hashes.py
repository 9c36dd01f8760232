"""Imports all of gorandom where hashlib lacks hashes, and uses what needs them. Run by test_no_hashes.py.

The argument says how they are lacking: the names are "missing", or their functions are "refused" when they are called, as
OpenSSL's FIPS provider does.
"""

import hashlib
import sys

GONE = ("md5", "sha1", "blake2b", "blake2s", "ripemd160", "md5-sha1")
TEXT = "[digital envelope routines] unsupported"
new = hashlib.new


def refuse(name):
    def constructor(*data, **options):
        raise ValueError(TEXT)

    constructor.__name__ = "openssl_" + name
    return constructor


def new_of_the_others(name, *data, **options):
    if name.lower() in GONE:
        raise ValueError(TEXT)
    return new(name, *data, **options)


hashlib.new = new_of_the_others
for name in GONE:
    if hasattr(hashlib, name):
        if sys.argv[1] == "missing":
            delattr(hashlib, name)
        else:
            setattr(hashlib, name, refuse(name))

import importlib  # noqa: E402
import pkgutil  # noqa: E402

import gorandom  # noqa: E402

for found in pkgutil.walk_packages(gorandom.__path__, "gorandom."):
    name = found.name
    if name == "gorandom.compat.flask":  # Flask's own code wants sha1
        continue
    try:
        importlib.import_module(name)
    except ImportError as error:
        needs = ("gorandom.numpy", "gorandom._numpy", "gorandom.openssl")
        assert name in needs and ("numpy" in str(error) or "pure Python" in str(error)), (name, error)

from gorandom.compat.pycrypto.Hash import HMAC, MD5, RIPEMD, SHA, SHA256  # noqa: E402

from gorandom import signing  # noqa: E402

token = signing.TimestampSigner(b"k" * 32, "purpose").sign(b"x")
assert signing.TimestampSigner(b"k" * 32, "purpose").unsign(token, 60) == b"x"
assert HMAC.new(b"k", b"x", SHA256).hexdigest() == gorandom.hmac.digest(b"k", b"x", "sha256").hex()
for call, text in {
    lambda: signing.Signer(b"k" * 32, "purpose", compat="itsdangerous"): "SHA-1",
    lambda: MD5.new(b"x"): "md5",
    SHA.new: "sha1",
    RIPEMD.new: "ripemd160",
    lambda: HMAC.new(b"k", b"x", SHA): "sha1",
}.items():
    try:
        call()
    except ValueError as error:
        assert text in str(error) and "hashlib" in str(error), error
    else:
        raise AssertionError(text)
gorandom.install_as_crypto()
gorandom.add_event(b"x" * 100)
assert len(gorandom.secrets.token_hex()) == 64

from gorandom.__main__ import main  # noqa: E402

sys.exit(main(["selftest"]))
