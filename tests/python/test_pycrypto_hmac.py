"""Crypto.Hash.HMAC and the hash modules beside it behave as in PyCrypto and PyCryptodome."""

import array
import binascii
import hashlib
import hmac as stdlib
import os
import warnings

import gorandom.hmac
import pytest
from _forks import PROGRAMS
from gorandom.compat.pycrypto.Hash import HMAC, MD5, SHA, SHA224, SHA256, SHA384, SHA512

MODULES = {"md5": MD5, "sha1": SHA, "sha224": SHA224, "sha256": SHA256, "sha384": SHA384, "sha512": SHA512}
hashes = pytest.mark.parametrize("name, module", MODULES.items(), ids=MODULES)


class Made:
    """An unknown digestmod: what a PEP 247 module needs over a hashlib object, with given sizes."""

    def __init__(self, name, **sizes):
        self._name = name
        vars(self).update(sizes)

    def new(self, *data):
        return Bare(hashlib.new(self._name, *data))


class Bare:
    """A hash object without sizes that, like PyCryptodome's of SHA-3, accepts no more data after a digest."""

    def __init__(self, hash, done=False):
        self._hash, self._done = hash, done

    def update(self, data):
        if self._done:
            raise TypeError("no more after a digest")
        self._hash.update(data)

    def digest(self):
        self._done = True
        return self._hash.digest()

    def copy(self):
        return Bare(self._hash.copy(), self._done)


# RFC 2202, sections 2 and 3: key, data, HMAC-MD5, HMAC-SHA-1. In cases 1, 3 and 5 the keys have the digest's length.
RFC2202 = [
    ((b"\x0b" * 16, b"\x0b" * 20), b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d", "b617318655057264e28bc0b6fb378c8ef146be00"),
    ((b"Jefe",) * 2, b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    ((b"\xaa" * 16, b"\xaa" * 20), b"\xdd" * 50, "56be34521d144c88dbb8c733f0e8b3f6", "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    ((bytes(range(1, 26)),) * 2, b"\xcd" * 50, "697eaf0aca3a3aea3a75164746ffaa79", "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
    ((b"\x0c" * 16, b"\x0c" * 20), b"Test With Truncation", "56461ef2342edc00f9bab995690efd4c", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
    ((b"\xaa" * 80,) * 2, b"Test Using Larger Than Block-Size Key - Hash Key First", "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
     "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
    ((b"\xaa" * 80,) * 2, b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
     "6f630fad67cda0ee1fb1f562db3aa53e", "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"),
]  # fmt: skip


@pytest.mark.parametrize("keys, data, md5, sha1", RFC2202, ids=range(1, 8))
def test_rfc2202(keys, data, md5, sha1):
    for key, digestmod, expected in ((keys[0], MD5, md5), (keys[0], None, md5), (keys[1], SHA, sha1)):
        mac = HMAC.new(key, data, digestmod)
        assert mac.hexdigest() == expected and mac.digest().hex() == expected
        assert HMAC.new(key=key, digestmod=digestmod).update(data).hexdigest() == expected
        mac.verify(bytes.fromhex(expected))
        mac.hexverify(expected)


@hashes
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 127, 128, 129, 4096])
def test_against_the_stdlib(name, module, size):
    key, message = os.urandom(size), os.urandom(200)
    expected = stdlib.digest(key, message, name)
    foreign = Made(name, digest_size=module.digest_size, block_size=module.block_size)
    for digestmod in (module, module.new(), module.new(b"used before"), foreign):
        assert HMAC.new(key, message, digestmod).digest() == expected
        assert HMAC.HMAC(key, message, digestmod).digest() == expected


def test_the_module():
    assert HMAC.digest_size is None and sorted(HMAC.__all__) == ["HMAC", "digest_size", "new"]
    mac = HMAC.new(b"key")
    assert type(mac) is HMAC.HMAC and mac.digest_size == 16, "the default is MD5"
    assert HMAC.new(b"key", None, SHA512).digest_size == 64
    assert mac.hexdigest() == stdlib.new(b"key", b"", "md5").hexdigest() and type(mac.hexdigest()) is str


def test_an_engines_face():
    """HMAC is not implemented twice: the engine computes it, and knows the hash by its name."""
    mac = HMAC.new(b"key", b"message", SHA256)
    assert type(mac._mac) is gorandom.hmac.HMAC and mac._mac.name == "hmac-sha256"


def test_no_message():
    tags = {HMAC.new(b"key", *message, digestmod=SHA256).digest() for message in [(), (None,), (b"",), (bytearray(),)]}
    assert tags == {stdlib.digest(b"key", b"", "sha256")}


def test_update_returns_the_object():
    mac = HMAC.new(b"key", digestmod=SHA256)
    assert mac.update(b"a") is mac
    assert mac.update(b"b").update(b"c").digest() == stdlib.digest(b"key", b"abc", "sha256")


@pytest.mark.parametrize("digestmod", [SHA256, SHA256.new(), Made("sha256", digest_size=32, block_size=64)], ids=["module", "object", "foreign"])
def test_update_after_digest_and_copy(digestmod):
    mac = HMAC.new(b"key", b"a", digestmod)
    assert mac.digest() == mac.digest() == stdlib.digest(b"key", b"a", "sha256")
    other = mac.copy()
    assert type(other) is HMAC.HMAC and other.digest_size == 32, "PyCrypto's copy has lost it"
    mac.update(b"b")
    other.update(b"c")
    again = other.copy()
    assert mac.digest() == stdlib.digest(b"key", b"ab", "sha256")
    assert again.digest() == other.digest() == stdlib.digest(b"key", b"ac", "sha256")
    again.verify(other.digest())
    assert again.update(b"d").digest() == stdlib.digest(b"key", b"acd", "sha256")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: memoryview(bytearray(b)), lambda b: array.array("I", b),
                                  lambda b: memoryview(bytes(x for c in b for x in (c, 0)))[::2]],
                         ids=["bytes", "bytearray", "memoryview", "writable", "array", "strided"])  # fmt: skip
@pytest.mark.parametrize("size", [16, 200])
def test_kinds_of_key(kind, size):
    key = os.urandom(size)
    given = kind(key)
    mac = HMAC.new(given, b"message", SHA256)
    if not memoryview(given).readonly and memoryview(given).contiguous:
        memoryview(given).cast("B")[:] = bytes(size)
    assert mac.digest() == stdlib.digest(key, b"message", "sha256")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: memoryview(bytearray(b)), lambda b: array.array("I", b)],
                         ids=["bytes", "bytearray", "memoryview", "writable", "array"])  # fmt: skip
@pytest.mark.parametrize("size", [16, 100_000])
def test_kinds_of_message(kind, size):
    message = os.urandom(size)
    first, second = kind(message), kind(message)
    mac = HMAC.new(b"key", first, SHA256)
    mac.update(second)
    for given in (first, second):
        if not memoryview(given).readonly:
            memoryview(given).cast("B")[:] = bytes(size)
    assert mac.digest() == stdlib.digest(b"key", message * 2, "sha256")


@pytest.mark.parametrize("wrong", ["", "text", 5, None, [1]], ids=repr)
def test_no_text(wrong):
    mac = HMAC.new(b"key", b"a", SHA256)
    with pytest.raises(TypeError):
        HMAC.new(wrong, b"", SHA256)
    with pytest.raises(TypeError):
        mac.update(wrong)
    if wrong is not None:
        with pytest.raises(TypeError):
            HMAC.new(b"key", wrong, SHA256)
    assert mac.digest() == stdlib.digest(b"key", b"a", "sha256"), "unharmed"


@pytest.mark.parametrize("wrong", ["sha256", hashlib.sha256, hashlib.sha256(), 5], ids=["name", "constructor", "hashlib's", "int"])
def test_no_digestmod(wrong):
    """Names and constructors work in the stdlib. In PyCrypto and PyCryptodome they raise AttributeError."""
    with pytest.raises(AttributeError):
        HMAC.new(b"key", b"", wrong)


SHA3_224 = Made("sha3_224", digest_size=28, block_size=144)


@pytest.mark.parametrize("size", [28, 143, 144, 145, 200])
def test_sizes_of_the_module(size):
    """SHA3-224 has blocks of 144 bytes. HMAC must get that from the module, as the objects here don't tell it."""
    key, message = os.urandom(size), b"message"
    mac = HMAC.new(key, message, SHA3_224)
    assert mac.digest() == stdlib.digest(key, message, "sha3_224") and mac.digest_size == 28


def test_nist_sha3_224():
    """NIST's example of HMAC with SHA3-224 and a key as long as a block (HMAC_SHA3-224.pdf, sample 2)."""
    mac = HMAC.new(bytes(range(144)), b"Sample message for keylen=blocklen", SHA3_224)
    assert mac.hexdigest() == "d8b733bcf66c644a12323d564e24dcf3fc75f231f3b67968359100c7"


def test_sizes_of_the_object_or_none():
    """The module's sizes come first, then the object's. Without any, the digest's length and a block of 64 bytes are used."""
    class Told(Bare):
        digest_size, block_size = 28, 144

    class Teller:
        digest_size = None  # as in a module whose objects have different sizes

        def new(self):
            return Told(hashlib.sha3_224())

    expected = stdlib.digest(b"k" * 100, b"message", "sha3_224")
    assert HMAC.new(b"k" * 100, b"message", Teller()).digest() == expected
    Told.block_size, Teller.block_size = 64, 144
    assert HMAC.new(b"k" * 100, b"message", Teller()).digest() == expected
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            HMAC.new(b"key", b"message", Made("sha256"))
        warnings.simplefilter("ignore")
        mac = HMAC.new(b"key", b"message", Made("sha256"))
        assert mac.digest() == stdlib.digest(b"key", b"message", "sha256") and mac.digest_size == 32


TAG = stdlib.digest(b"key", b"message", "sha256")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_verify(kind):
    mac = HMAC.new(b"key", b"message", SHA256)
    assert mac.verify(kind(TAG)) is None and mac.verify(mac_tag=kind(TAG)) is None
    wrong = [bytes(TAG[:i] + bytes([TAG[i] ^ 1]) + TAG[i + 1 :]) for i in range(32)]
    for tag in [*wrong, TAG[:-1], TAG[:16], TAG + b"\0", b"", TAG * 2, TAG[1:], TAG.hex().encode()]:
        with pytest.raises(ValueError, match="^MAC check failed$"):
            mac.verify(kind(tag))
    mac.update(b"more")
    with pytest.raises(ValueError, match="^MAC check failed$"):
        mac.verify(TAG)


@pytest.mark.parametrize("case", [str.lower, str.upper, lambda s: s[:32].upper() + s[32:]], ids=["lower", "upper", "mixed"])
@pytest.mark.parametrize("kind", [str, str.encode, lambda s: bytearray(s.encode())], ids=["str", "bytes", "bytearray"])
def test_hexverify(kind, case):
    mac = HMAC.new(b"key", b"message", SHA256)
    text = case(TAG.hex())
    assert mac.hexverify(kind(text)) is None and mac.hexverify(hex_mac_tag=kind(text)) is None
    for other in (text[:-2], "", text + "00", ("1" if text[0] == "0" else "0") + text[1:]):
        with pytest.raises(ValueError, match="^MAC check failed$"):
            mac.hexverify(kind(other))
    for malformed in (text[:-1], text[:-1] + "g", text[:-2] + "  ", "0x" + text[2:]):
        with pytest.raises(binascii.Error):
            mac.hexverify(kind(malformed))


def test_hexverify_of_what_is_not_ascii():
    with pytest.raises(ValueError):
        HMAC.new(b"key", b"message", SHA256).hexverify("é" * 64)


def test_nothing_is_shown():
    mac = HMAC.new(b"a secret key", b"message", SHA256)
    for text in (repr(mac), str(mac)):
        assert "secret" not in text and mac.hexdigest() not in text


def test_begun_before_a_fork(python, start_mode):
    """It is finished in the child and in the parent, independently."""
    assert python(PROGRAMS / "pycrypto_hmac_fork.py", start=start_mode, flags=["-W", "ignore"]) == "sound\n"


# The hash modules.


@hashes
def test_hash_modules(name, module):
    assert sorted(module.__all__) == ["digest_size", "new"]
    data = os.urandom(1000)
    expected = hashlib.new(name, data)
    for made in (module.new(data), module.new(), module.new(None), module.new(b"x").new(data), module.new(b"x").new()):
        if made.digest() == hashlib.new(name).digest():
            made.update(data)
        assert made.digest() == expected.digest() and made.hexdigest() == expected.hexdigest()
        assert (made.digest_size, made.block_size) == (module.digest_size, module.block_size)
        assert (made.digest_size, made.block_size) == (expected.digest_size, expected.block_size)
        other = made.copy()
        other.update(b"more")
        assert made.digest() == expected.digest() and other.digest() == hashlib.new(name, data + b"more").digest()
        assert other.copy().new().digest() == hashlib.new(name).digest()
    with pytest.raises(TypeError):
        module.new("text")
    with pytest.raises(TypeError):
        module.new().update("text")


def test_ripemd(python):
    if "ripemd160" not in hashlib.algorithms_available:
        pytest.skip("this Python's OpenSSL comes without RIPEMD-160")
    from gorandom.compat.pycrypto.Hash import RIPEMD

    assert (RIPEMD.digest_size, RIPEMD.block_size) == (20, 64)
    assert RIPEMD.new(b"abc").hexdigest() == "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"  # of its authors' page


def test_a_hash_that_is_missing(python):
    """A program that imports a module without using it still starts. test_no_hashes.py has the rest."""
    python(
        """
import hashlib
def new(name, *data): raise ValueError("unsupported hash type " + name)
hashlib.new = new
from gorandom.compat.pycrypto.Hash import RIPEMD
try:
    RIPEMD.new(b"abc")
except ValueError as e:
    assert str(e) == "this Python's hashlib has no ripemd160: unsupported hash type ripemd160", e
else:
    raise AssertionError
"""
    )


# Under their old names.

alone = pytest.mark.parametrize("path", ["alone"], indirect=True)


@alone
@pytest.mark.parametrize("first", ["old", "new", "from"])
def test_both_names_are_one_module(python, path, first):
    """Without a PyCryptodome, in sys.modules and as attributes of both parents. Each module keeps its own spec."""
    python(PROGRAMS / "pycrypto_hmac_both_names.py", first)


def test_an_installed_pycryptodome_keeps_its_own(python, pycryptodome):
    python(PROGRAMS / "pycrypto_hmac_dome.py", pycryptodome, env={"PYTHONPATH": os.fspath(pycryptodome)})


def test_with_pycryptodomes_hashes(python, pycryptodome):
    """Beside an installed PyCryptodome our HMAC, by its own name, takes each of PyCryptodome's hashes, as module and as
    object."""
    out = python(PROGRAMS / "pycrypto_hmac_domes_hashes.py", env={"PYTHONPATH": os.fspath(pycryptodome)})
    assert out == "sound\n"


@alone
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_in_workers(python, path, method):
    """Workers that were not forked find the names too."""
    assert python(PROGRAMS / "pycrypto_hmac_workers.py", method) == "sound\n"


@alone
def test_by_run(python, path, tmp_path):
    """python -m gorandom run gives a program the old name."""
    (tmp_path / "program.py").write_text(
        "from Crypto.Hash import HMAC, SHA\nimport Crypto.Hash.HMAC\nprint(HMAC.__name__, HMAC.new(b'Jefe', b'what do ya want for nothing?', SHA).hexdigest())"
    )
    out = python(
        "import runpy, sys; sys.argv = ['gorandom', 'run', sys.argv[1]]; runpy.run_module('gorandom', run_name='__main__')",
        tmp_path / "program.py",
    )
    assert out == "gorandom.compat.pycrypto.Hash.HMAC effcdf6ae5eb2fa2d27416d5f184df9c259a7c79\n"
