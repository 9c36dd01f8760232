"""gorandom.hmac: the standard library's results, errors and attributes, by each way to a tag; keys that leave no secrets
behind; forks, threads, and processes without a core."""

import array
import binascii
import copy
import ctypes
import gc
import hashlib
import hmac as stdlib
import json
import os
import pickle
import re
import signal
import struct
import subprocess
import sys
import threading
import types
import weakref

import pytest
from _forks import PROGRAMS, compile_c, linux, plain
from conftest import SOURCE

from gorandom import _front, hmac

NAMES = [name for name, _, _ in _front.MACS]
HERE = [name for name in NAMES if name in hashlib.algorithms_available]


def pattern(n, start=7):
    return bytes((start + 13 * i) % 256 for i in range(n))


def ways(key, message, digestmod):
    """Return {way: tag}."""
    whole, pieces, made = hmac.new(key, message, digestmod), hmac.new(key, digestmod=digestmod), hmac.Key(key, digestmod)
    pieces.update(message[:5])
    half = pieces.copy()
    half.update(message[5:])
    pieces.update(b"something else")
    return {
        "new": whole.digest(),
        "twice": whole.digest(),
        "hexdigest": bytes.fromhex(whole.hexdigest()),
        "copy": whole.copy().digest(),
        "pieces": half.digest(),
        "digest": hmac.digest(key, message, digestmod),
        "Key": made.digest(message),
        "Key.digests": made.digests([b"another", message])[1],
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_digests_are_known_to_hashlib(name):
    assert name in HERE, f"this interpreter's hashlib has no {name}; nothing here compares it"


@pytest.mark.parametrize("name", HERE)
def test_tags(name):
    """Lengths around each boundary: of a block, of the length field in the last block, of the GIL's and the core's limits.
    Fails if any way pads, splits or finishes differently."""
    block = hashlib.new(name).block_size
    for n in (0, 1, 20, block - 1, block, block + 1, 3 * block, 1000):
        for m in (0, 1, 32, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000, 8192, 8193, 16384, 16385):
            key, message = pattern(n), pattern(m, 3)
            want = stdlib.new(key, message, name).digest()
            for way, tag in ways(key, message, name).items():
                assert tag == want, f"{way}, key of {n} and message of {m} bytes"


@pytest.mark.parametrize("name", HERE)
def test_long_messages(name):
    """Such a message is longer than one stay in the core may hash. It is tried alone and in a series that fills many stays."""
    key, long = b"key", pattern((1 << 20) + 1)
    made = hmac.Key(key, name)
    assert made.digest(long) == hmac.digest(key, long, name) == stdlib.digest(key, long, name)
    messages = [long, b"", *(pattern(5000 + i) for i in range(700)), long]
    assert made.digests(messages) == [stdlib.digest(key, message, name) for message in messages]


def vectors():
    path, found = os.environ.get("GORANDOM_VECTORS"), []
    if path:
        with open(path) as f:
            found = json.load(f)
    if not found:
        pytest.skip("NO VECTORS: python3 tests/tools.py wycheproof writes Wycheproof's, with a Go that its module takes")
    return found


def test_wycheproof():
    """All of C2SP Wycheproof's HMACs by every way. A truncated correct tag is refused."""
    ran = 0
    for vector in vectors():
        if vector["Algorithm"] not in hashlib.algorithms_available:
            continue
        ran += 1
        key, message, tag = (bytes.fromhex(vector[name]) for name in ("Key", "Message", "Tag"))
        made = hmac.Key(key, vector["Algorithm"])
        for way, found in ways(key, message, vector["Algorithm"]).items():
            assert (found[: len(tag)] == tag) == vector["Valid"], (way, vector["File"], vector["ID"])
        if vector["Valid"] and len(tag) == made.digest_size:
            made.verify(message, tag)
            hmac.new(key, message, vector["Algorithm"]).verify(tag)
        else:
            with pytest.raises(ValueError):
                made.verify(message, tag)
            with pytest.raises(ValueError):
                hmac.new(key, message, vector["Algorithm"]).verify(tag)
    assert ran >= 1900


# ---- names of digests ----


class OddHash:
    """A program's own digest: SHA-1 with a different block."""

    digest_size, block_size, name = 20, 32, "odd"

    def __init__(self, data=b""):
        self._h = hashlib.sha1(b"odd" + data)

    def update(self, data):
        self._h.update(data)

    def digest(self):
        return self._h.digest()

    def hexdigest(self):
        return self._h.hexdigest()

    def copy(self):
        other = OddHash.__new__(OddHash)
        other._h = self._h.copy()
        return other


PEP247 = types.ModuleType("pep247")
PEP247.new, PEP247.digest_size = hashlib.sha512, 64

DIGESTMODS = {
    "name": "sha256",
    "upper case": "SHA512",
    "OpenSSL's name": "sha512-256",
    "constructor": hashlib.sha384,
    "BLAKE2": hashlib.blake2s,
    "lambda": lambda data=b"": hashlib.sha256(data),
    "PEP 247": PEP247,
    "a program's own": OddHash,
}


@pytest.mark.parametrize("here", [True, False], ids=["", "as without instructions for SHA-256"])
@pytest.mark.parametrize("digestmod", DIGESTMODS.values(), ids=DIGESTMODS)
@pytest.mark.parametrize("n", [3, 500])
def test_digestmods(digestmod, n, here, monkeypatch):
    if not here:
        monkeypatch.setattr(hmac, "_HERE", -2)
    want = stdlib.new(pattern(n), b"message", digestmod)
    assert set(ways(pattern(n), b"message", digestmod).values()) == {want.digest()}
    for object in hmac.new(pattern(n), b"message", digestmod), hmac.Key(pattern(n), digestmod):
        assert (object.name, object.digest_size, object.block_size) == (want.name, want.digest_size, want.block_size)


def own_digest(block, size, told):
    """Return a program's own digest: SHAKE with a block and a tag of these sizes. ``told`` is its block_size, if any."""

    class Own:
        digest_size, name = size, "own"

        def __init__(self, data=b""):
            self._h = hashlib.shake_128(b"own" + data)

        def update(self, data):
            self._h.update(data)

        def digest(self):
            return self._h.digest(size)

        def copy(self):
            other = Own()
            other._h = self._h.copy()
            return other

    if told:
        Own.block_size = block
    return Own


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # new() warns that the block size is too small or unknown
@pytest.mark.parametrize("size", [1, 20, 64, 200, 2000])
@pytest.mark.parametrize("block", [None, 1, 8, 15, 16, 24, 64, 200, 496, 497, 1024, 5000])
def test_sizes_of_a_digest_of_ones_own(block, size):
    """All ways agree at each length of a key, following the standard library's new(). It takes 64 bytes for blocks of fewer
    than 16, and hashes a long key once, even if the digest is longer than a block. (Its digest() takes short blocks as they
    are.) Also guards secret.c's pages for large keys."""
    digestmod = own_digest(block, size, told=block is not None)
    for n in sorted({0, 1, 15, 16, 17, 63, 64, 65, *(max(0, (block or 64) + d) for d in (-1, 0, 1)), size, size + 1, 6000}):
        for key in (pattern(n), memoryview(pattern(n))):
            want = stdlib.new(bytes(key), b"message", digestmod).digest()
            made = hmac.Key(key, digestmod)
            for tag in (hmac.digest(key, b"message", digestmod), made.digest(b"message"), made.digests([b"message"])[0]):
                assert tag == want, f"a key of {n} bytes"
        assert hmac.new(pattern(n), b"message", digestmod).digest() == want


def test_every_name_and_constructor():
    """Each digest of hashlib's, by its name in both cases and by its constructor: all ways give one tag, or none does."""
    names = sorted(hashlib.algorithms_available)
    for digestmod in [*names, *map(str.upper, names), *filter(None, (getattr(hashlib, name, None) for name in names))]:
        for key in (b"key", pattern(500)):
            theirs = outcome(lambda: stdlib.digest(key, b"message", digestmod))
            tags = {
                "stdlib": outcome(lambda: stdlib.new(key, b"message", digestmod).digest()),
                "new": outcome(lambda: hmac.new(key, b"message", digestmod).digest()),
                "digest": outcome(lambda: hmac.digest(key, b"message", digestmod)),
                "Key": outcome(lambda: hmac.Key(key, digestmod).digest(b"message")),
            }
            if isinstance(theirs, bytes) != isinstance(tags["stdlib"], bytes):
                assert sys.version_info >= (3, 14) and digestmod in ("BLAKE2B", "BLAKE2S")  # it disagrees with itself
                continue
            refused = [way for way, tag in tags.items() if not isinstance(tag, bytes)]
            assert len(refused) == 4 or not refused and len(set(tags.values())) == 1, (digestmod, tags)


@linux
@pytest.mark.once
@pytest.mark.parametrize("start", ["auto", "never"])
def test_more_than_2_gib(python, start):
    """Keys and messages of this size work here in every mode. OpenSSL's functions take fewer bytes, and the standard library
    before CPython 3.14 raises OverflowError. They use no memory: they are pages of zeros that are only read."""
    python(PROGRAMS / "hmac_huge.py", start=start, timeout=300)


def test_sm3():
    """Go has no such digest. OpenSSL has it if it was built with it."""
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("NOT TESTED: this OpenSSL has no SM3")
    assert set(ways(b"key", b"message", "sm3").values()) == {stdlib.digest(b"key", b"message", "sm3")}


@pytest.mark.parametrize("name", HERE)
def test_attributes(name):
    want = stdlib.new(b"key", b"message", name)
    fresh = hmac.new(b"key", b"message", name)
    begun = hmac.new(b"key", b"message", name)
    begun.update(b"")
    for object in fresh, begun, begun.copy(), fresh.copy(), hmac.Key(b"key", name):
        assert (object.name, object.digest_size, object.block_size) == (want.name, want.digest_size, want.block_size)
    assert isinstance(fresh, stdlib.HMAC) and isinstance(fresh, hmac.HMAC) and not hasattr(fresh, "nothing")
    assert hmac.digest_size is None


@pytest.mark.parametrize("name", HERE)
def test_buffers(name):
    """All kinds of bytes-like objects, and one that changes later."""
    want = stdlib.digest(b"key-key-", b"message!", name)
    kinds = [bytes, bytearray, memoryview, lambda b: array.array("H", b), lambda b: memoryview(b"x" + b)[1:]]
    for key in kinds:
        for message in kinds:
            k, m = key(b"key-key-"), message(b"message!")
            assert hmac.digest(k, m, name) == hmac.Key(k, name).digest(m) == want
    changing, key = bytearray(b"message!"), bytearray(b"key-key-")
    object, made = hmac.new(key, changing, name), hmac.Key(key, name)
    changing[:], key[:] = bytes(8), bytes(8)
    assert object.digest() == made.digest(b"message!") == want


# ---- errors ----


def outcome(call):
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


CALLS = {
    "no digest": lambda h: h.new(b"key", b"m"),
    "None": lambda h: h.new(b"key", b"m", None),
    "empty": lambda h: h.new(b"key", b"m", ""),
    "str key": lambda h: h.new("key", b"m", "sha256"),
    "str message": lambda h: h.new(b"key", "m", "sha256"),
    "int message": lambda h: h.new(b"key", 5, "sha256"),
    "int key": lambda h: h.new(5, b"m", "sha256"),
    "memoryview key": lambda h: h.new(memoryview(b"key"), b"m", "sha256"),
    "None key": lambda h: h.new(None, b"m", "sha256"),
    "unknown": lambda h: h.new(b"key", b"m", "sha257"),
    "unhashable": lambda h: h.new(b"key", b"m", []),
    "int digest": lambda h: h.new(b"key", b"m", 256),
    "not a hash": lambda h: h.new(b"key", b"m", int),
    "no arguments": lambda h: h.digest(),
    "digest of str": lambda h: h.digest(b"key", "m", "sha256"),
    "digest under str": lambda h: h.digest("key", b"m", "sha256"),
    "digest of None": lambda h: h.digest(b"key", None, "sha256"),
    "digest by nothing": lambda h: h.digest(b"key", b"m", ""),
    "digest by unknown": lambda h: h.digest(b"key", b"m", "sha257"),
    "digest by an unhashable": lambda h: h.digest(b"key", b"m", {}),
    "not contiguous": lambda h: h.digest(b"key", memoryview(b"abcdef")[::2], "sha256"),
    "update by str": lambda h: h.new(b"key", digestmod="sha256").update("m"),
    "update by nothing": lambda h: h.new(b"key", digestmod="sha256").update(),
    "update by int": lambda h: h.new(b"key", b"m", "sha256").update(3),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_errors(call):
    """The errors have the standard library's types and messages, of this very version."""
    theirs, ours = outcome(lambda: call(stdlib)), outcome(lambda: call(hmac))
    assert isinstance(ours, tuple), "nothing was refused"
    if isinstance(theirs, bytes) and sys.implementation.name == "pypy":
        return  # its digest() takes a str
    assert (ours[0], ours[1].replace("new() takes", "__init__() takes")) == theirs


KEY_CALLS = {
    "str": (lambda: hmac.Key("key", "sha256"), TypeError),
    "int": (lambda: hmac.Key(5, "sha256"), TypeError),
    "unknown": (lambda: hmac.Key(b"key", "sha257"), ValueError),
    "no digest": (lambda: hmac.Key(b"key", ""), TypeError),
    "None": (lambda: hmac.Key(b"key", None), TypeError),
    "message": (lambda: hmac.Key(b"key", "sha256").digest("m"), TypeError),
    "messages": (lambda: hmac.Key(b"key", "sha256").digests(5), TypeError),
    "one of the messages": (lambda: hmac.Key(b"key", "sha256").digests([b"m", "m"]), TypeError),
    "one of the other messages": (lambda: hmac.Key(b"key", "sha512").digests([b"m", None]), TypeError),
    "no tag": (lambda: hmac.Key(b"key", "sha256").verify(b"m"), TypeError),
    "tag": (lambda: hmac.Key(b"key", "sha256").verify(b"m", "tag"), TypeError),
    "attribute": (lambda: setattr(hmac.Key(b"key", "sha256"), "digest_size", 1), AttributeError),
    "pickle": (lambda: pickle.dumps(hmac.Key(b"key", "sha256")), TypeError),
    "copy": (lambda: copy.copy(hmac.Key(b"key", "sha256")), TypeError),
    "deepcopy": (lambda: copy.deepcopy(hmac.Key(b"key", "sha512")), TypeError),
    "the front's, number": (lambda: _front.hmac(99, b"key", b"m"), ValueError),
    "the front's, next number": (lambda: _front.hmac(len(_front.MACS), b"key", b"m"), ValueError),
    "the front's, count": (lambda: _front.hmac(0, b"key"), TypeError),
    "the front's Key, number": (lambda: _front.Key(99, 32, 64, "x", len, b"key"), ValueError),
    "the front's Key, too small a tag": (lambda: _front.Key(0, 1, 64, "x", len, b"key"), ValueError),
    "the front's Key, too large a tag": (lambda: _front.Key(1, 21, 64, "x", len, b"key"), ValueError),
}


@pytest.mark.parametrize("call, error", KEY_CALLS.values(), ids=KEY_CALLS)
def test_key_errors(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.cpython("objects of its extension modules take any attribute")
def test_a_new_attribute():
    with pytest.raises(AttributeError):
        hmac.Key(b"key", "sha256").x = 1


def test_a_fallback_that_lies():
    """A digest with another size than it announced raises an exception. It never gives a tag of another size."""
    made = _front.Key(-1, 32, 64, "hmac-x", lambda key, message: b"short", b"key")
    with pytest.raises(ValueError):
        made.digest(b"m")
    with pytest.raises(ValueError):
        made.digests([b"m"])


def test_verify_is_in_constant_time(monkeypatch):
    """compare_digest compares the whole tags. (A Key does it in C: test_consttime.py looks at its machine code.)"""
    real, seen = hmac.compare_digest, []

    def counted(a, b):
        seen.append((len(a), len(b)))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    made = hmac.new(b"key", b"message", "sha256")
    made.verify(made.digest())
    with pytest.raises(ValueError):
        made.hexverify("00" * 31)
    assert seen == [(32, 32), (32, 31)]


@pytest.mark.parametrize("name", ["sha256", "sha512", "sm3", "md5"])
def test_verify(name):
    """Each byte counts, and so does the length: a truncated correct tag is refused."""
    if name not in hashlib.algorithms_available:
        pytest.skip(f"NOT TESTED: this OpenSSL has no {name}")
    object, made = hmac.new(b"key", b"message", name), hmac.Key(b"key", name)
    tag = object.digest()
    for right in (tag, bytearray(tag), memoryview(tag)):
        assert object.verify(right) is made.verify(b"message", right) is None
    for right in (tag.hex(), tag.hex().upper(), tag.hex().encode(), bytearray(tag.hex().encode())):
        assert object.hexverify(right) is None
    wrong = [tag[:i] + bytes([tag[i] ^ 1]) + tag[i + 1 :] for i in range(len(tag))]
    for bad in [*wrong, b"", tag[:-1], tag[:1], tag + b"\0"]:
        for check in (lambda: object.verify(bad), lambda: made.verify(b"message", bad), lambda: object.hexverify(bad.hex())):
            with pytest.raises(ValueError, match="^MAC check failed$"):
                check()
    for bad in ("0", "0g" * 32, tag.hex()[:-1], tag.hex() + "x"):
        with pytest.raises(binascii.Error):
            object.hexverify(bad)
    with pytest.raises(ValueError):
        object.hexverify("\u0660" * 64)
    for bad in ("text", None, 5):
        with pytest.raises(TypeError):
            object.verify(bad)
        with pytest.raises(TypeError):
            made.verify(b"message", bad)


def test_copies():
    """copy.copy() does what copy() does, where the standard library's would share its state. Nothing can be pickled."""
    for fed in (b"", b"mes"):
        object = hmac.new(b"key", fed, "sha256")
        other = copy.copy(object)
        other.update(b"sage")
        assert object.digest() == stdlib.digest(b"key", fed, "sha256")
        assert other.digest() == stdlib.digest(b"key", fed + b"sage", "sha256")
        for refused in (object, other):
            with pytest.raises(TypeError, match="pickle"):
                pickle.dumps(refused)


@pytest.mark.parametrize("name", ["sha256", "sha512"])
def test_the_caller_may_erase_the_key(name):
    key = bytearray(b"a secret word")
    object, made = hmac.new(key, b"m", name), hmac.Key(key, name)
    key[:] = bytes(len(key))
    assert object.digest() == made.digest(b"m") == hmac.digest(b"a secret word", b"m", name)


def test_nothing_is_shown():
    key = b"a key that nobody may see"
    for object in hmac.new(key, b"m", "sha256"), hmac.Key(key, "sha256"), hmac.Key(key, "sha512"), hmac.Key(key, OddHash):
        assert "nobody" not in repr(object) + str(object)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="^cannot pickle '(HMAC|Key)' object$"):
                pickle.dumps(object, protocol)
    assert repr(hmac.Key(key, "sha256")) == "<gorandom.hmac.Key hmac-sha256>"


# ---- memory ----

def places(pid, needle):
    """Count needle in a process's dumped memory, and in its undumped memory."""
    counts, bounds, readable = {False: 0, True: 0}, None, False
    with open(f"/proc/{pid}/smaps") as smaps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in smaps:
            if re.match("[0-9a-f]+-[0-9a-f]+ ", line):
                bounds, readable = [int(x, 16) for x in line.split()[0].split("-")], line.split()[1].startswith("rw")
            elif line.startswith("VmFlags:") and readable:
                mem.seek(bounds[0])
                try:
                    counts["dd" in line.split()] += mem.read(bounds[1] - bounds[0]).count(needle)
                except OSError:
                    pass  # the kernel's own pages
    return counts[False], counts[True]


def sha256_state(block):
    """Return SHA-256's state after one block, as words of this machine (FIPS 180-4, 6.2.2). hashlib doesn't show it."""

    def fraction(x, root):  # the first 32 bits of the root's fraction
        low, high = 0, 1 << 40
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if middle**root <= x << 32 * root else (low, middle)
        return low & 0xFFFFFFFF

    def rotate(x, n):
        return (x >> n | x << 32 - n) & 0xFFFFFFFF

    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))]
    start = [fraction(p, 2) for p in primes[:8]]
    w = list(struct.unpack(">16I", block))
    for t in range(16, 64):
        s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3
        s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10
        w.append((w[t - 16] + s0 + w[t - 7] + s1) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = start
    for t in range(64):
        one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) + fraction(primes[t], 3) + w[t]
        two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (one + two) & 0xFFFFFFFF, a, b, c, (d + one) & 0xFFFFFFFF, e, f, g
    return struct.pack("=8I", *((x + y) & 0xFFFFFFFF for x, y in zip(start, (a, b, c, d, e, f, g, h))))


@pytest.mark.native("memory of its own for keys")
@pytest.mark.cpython("it moves and copies the program's own bytes, the key among them")
@linux
@pytest.mark.parametrize("start", ["auto", "never"])
@pytest.mark.parametrize("size", [48, 200])
@pytest.mark.parametrize("name", ["sha256", "sha512", "sha3_224"])
def test_where_a_key_lies(name, size, start):
    """A prepared key is only in undumped memory, and nowhere once its object is gone. Fails without MADV_DONTDUMP in secret.c,
    without the erase in secret_give(), and if making a tag leaves a copy: without a core that copy is the bytes object given
    to hashlib.

    The test looks for the key, or for what is made of it where the front no longer needs the key. The hash of a key that is
    longer than a block is as good as the key (RFC 2104, section 2), and must be nowhere."""
    key = bytes(i * 151 % 256 for i in range(size))
    needle, short = key, key if size == 48 else hashlib.new(name, key).digest()
    if name == "sha256" and _front.hmac256:
        needle = sha256_state(bytes(b ^ 0x36 for b in short.ljust(64, b"\0")))
    command = [sys.executable, PROGRAMS / "hmac_keeper.py", name, str(size)]
    environment = {**os.environ, "GORANDOM_START": start}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as keeper:
        try:
            assert keeper.stdout.readline() == "made\n"
            dumped, undumped = places(keeper.pid, needle)
            assert dumped == 0 and undumped >= 1
            assert needle is not key and undumped == 1 or needle is key
            assert short is key or places(keeper.pid, short[-24:]) == (0, 0)
            keeper.stdin.write("\n")
            keeper.stdin.flush()
            assert keeper.stdout.readline() == "ended\n"
            assert places(keeper.pid, needle) == places(keeper.pid, short[-24:]) == (0, 0)
        finally:
            keeper.kill()


# ---- processes and threads ----

@pytest.mark.parametrize("parent, child", [(0, 0), (16, 0), (16, 2 << 20), (0, 2 << 20)])
def test_forks(python, start_mode, parent, child):
    """Started in a parent, finished in a child, 20 generations deep, with and without cores: no object has a Go handle. Fails
    if a child enters the gate of its parent's core, or asks Go for something that only its parent's core could know."""
    if start_mode == "eager" and child:
        child = 16
    assert python(PROGRAMS / "hmac_forks.py", parent, child, start=start_mode) == "sound\n"


@pytest.mark.native("core")
def test_start(python, start_mode):
    """SHA-256 needs no core where the front computes it. Another digest starts one where a draw would."""
    program = """
import gorandom
from gorandom import hmac, _front
before = gorandom.status().mode
hmac.digest(b"key", b"message", "sha256")
assert gorandom.status().mode == before or not _front.hmac256
hmac.digest(b"key", b"message", "sha512")
print(before, gorandom.status().mode)
"""
    want = {"auto": "direct core\n", "eager": "core core\n", "never": "direct direct\n"}
    assert python(program, start=start_mode) == want[start_mode]


def test_threads():
    """One Key and many threads, short and long messages, with and without the GIL."""
    faults = []
    for name in ("sha256", "sha512"):
        made, messages = hmac.Key(b"key", name), [pattern(n) for n in (0, 30, 9000, 40000)]
        want = [stdlib.digest(b"key", message, name) for message in messages]

        def work():
            for _ in range(100):
                if [made.digest(message) for message in messages] != want or made.digests(messages) != want:
                    faults.append(name)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not faults


class Stop(Exception):
    """Raised by a signal handler."""


def at_its_beginning(do, call):
    """Return what call gives if do happens while call makes the standard library's object."""

    def trace(frame, event, arg):
        if frame.f_code is stdlib.HMAC.__init__.__code__:
            sys.settrace(before)
            do()

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(before)


MEANWHILE = {
    "update": lambda made: made.update(b"1"),
    "copy": lambda made: made.copy().update(b"x"),
    "digest": lambda made: made.digest(),
    "name": lambda made: made.name,
    "_hmac": lambda made: made._hmac,
}


@pytest.mark.skipif(not _front.hmac256, reason="this processor or build has no SHA-256 in the front")
@pytest.mark.parametrize("do", MEANWHILE)
@pytest.mark.parametrize("call", ["update", "copy", "_hmac"])
def test_an_object_begun_twice(call, do):
    """Two threads are the first to ask an object for more than the front does. Fails if the object is incomplete then, or if
    one thread's beginning loses what the other has fed."""
    made = hmac.new(b"key", b"0", "sha256")
    at_its_beginning(lambda: MEANWHILE[do](made), lambda: MEANWHILE[call](made))
    assert made.digest() == stdlib.digest(b"key", b"0" + b"1" * [do, call].count("update"), "sha256")
    assert (made.digest_size, made.block_size, made.name) == (32, 64, "hmac-sha256")


@pytest.mark.skipif(not _front.hmac256, reason="this processor or build has no SHA-256 in the front")
def test_an_object_whose_beginning_fails():
    """After an exception the object is unchanged, and can be fed again."""
    made = hmac.new(b"key", b"0", "sha256")

    def stop():
        raise Stop

    with pytest.raises(Stop):
        at_its_beginning(stop, lambda: made.update(b"1"))
    made.update(b"2")
    assert made.digest() == stdlib.digest(b"key", b"02", "sha256")


@pytest.mark.parametrize("name", ["sha256", "sha1"])
def test_a_signal_ends_digests(name):
    """Handlers run after each MiB. Fails if they run only when all tags are made: then the message is no longer locked, and
    can be lengthened."""
    message, over = bytearray(1 << 19), []

    def handle(*_):
        try:
            message.append(0)
        except BufferError:
            raise Stop from None

    def send():
        while not over:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handle)
    sender = threading.Thread(target=send)
    try:
        with pytest.raises(Stop):
            sender.start()
            hmac.Key(b"key", name).digests([message] * 400)
    finally:
        over.append(True)
        sender.join()
        signal.signal(signal.SIGUSR1, before)


@linux
def test_the_lock_is_waited_for():
    """Interpreters with their own GILs share the keys' memory. The holder of its lock may lose the processor for a long time.
    With a bounded wait the lock would get two holders, and this fails. The memory is locked, and erased when it is
    released."""
    front = SOURCE / "pyext" / "front"
    if not front.exists():
        pytest.skip("the C sources are not beside these tests")
    program = compile_c("contended", "contended.c", flags=("-std=gnu11", f"-I{front}", f"-I{front.parent}"))
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "memory 100000\nlocked 1\nerased 64\n"


def test_many_keys():
    """Pieces of memory are used again, zeroed each time: thousands of keys, freed in another order."""
    keys = {i: hmac.Key(i.to_bytes(4, "big"), "sha256" if i % 2 else "sha1") for i in range(5000)}
    for i in range(0, 5000, 3):
        del keys[i]
    for i in range(5000, 7000):
        keys[i] = hmac.Key(i.to_bytes(4, "big"), "sha1")
    for i, key in keys.items():
        assert key.digest(b"m") == stdlib.digest(i.to_bytes(4, "big"), b"m", key.name[5:])


class WithAttributes(hmac.Key):
    """A key with a __dict__."""


@pytest.mark.cpython("its collector has no gc.is_tracked()")
@pytest.mark.parametrize("cls", [hmac.Key, WithAttributes])
@pytest.mark.parametrize("at", ["alone", "used"])
def test_a_cycle_is_collected(cls, at):
    """A program's own digest holds the key that uses it. When nobody can reach them any more, both are freed and the key is
    erased."""

    def make():
        class Digest:
            digest_size, block_size = 20, 32

            def new(self, data=b""):
                return OddHash(data)

        digest = Digest()
        digest.key = cls(b"key", digest)
        if at == "used":
            assert digest.key.digest(b"m") == stdlib.digest(b"key", b"m", OddHash)
        return weakref.ref(digest)

    assert gc.is_tracked(cls(b"key", OddHash))
    left = make()
    gc.collect()
    assert left() is None


@linux
def test_plain_sha256():
    """Every length up to four blocks. It is for processors without SHA-256 instructions, so it is compiled separately here.
    Guards ``plain_blocks`` of hmac256.c."""
    data, digest = pattern(256), (ctypes.c_char * 32)()
    for n in range(len(data) + 1):
        plain().plain_sha256(data, ctypes.c_size_t(n), digest)
        assert digest.raw == hashlib.sha256(data[:n]).digest(), n
