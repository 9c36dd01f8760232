"""Functions of _front that only gorandom's own Python modules call: they refuse arguments that these never pass."""

import datetime
import gc
import os
import uuid

import pytest
from conftest import PURE

import gorandom
from gorandom import _front, hmac


def nothing(*arguments):
    return b""


KEY, COUNTER = bytes(32), bytes(16)
SHA256 = 0  # core/core.h: MAC_SHA256

WRONG = [
    # Fortuna by hand. An unknown operation would reach Go, or the wrong kind of memory.
    ("State()", TypeError, lambda: _front.State()),
    ("State(kind=)", TypeError, lambda: _front.State(kind=_front.HAND_HASH)),
    ("State(-1)", ValueError, lambda: _front.State(-1)),
    ("State(99)", ValueError, lambda: _front.State(99)),
    ("State('hash')", TypeError, lambda: _front.State("hash")),
    ("a hash's operation on a generator", ValueError, lambda: _front.State(_front.HAND_GENERATOR).call(_front.HASH_UPDATE, b"data")),
    ("a generator's operation on a hash", ValueError, lambda: _front.State(_front.HAND_HASH).call(_front.GENERATOR_DATA, b"", 1, nothing)),
    ("operation -1", ValueError, lambda: _front.State(_front.HAND_GENERATOR).call(-1)),
    ("operation 99", ValueError, lambda: _front.State(_front.HAND_HASH).call(99)),
    ("size -1", ValueError, lambda: _front.State(_front.HAND_GENERATOR).call(_front.GENERATOR_DATA, b"", -1, nothing)),
    ("no way in Python", ValueError, lambda: _front.State(_front.HAND_GENERATOR).call(_front.GENERATOR_RESEED, b"seed")),
    ("call()", TypeError, lambda: _front.State(_front.HAND_HASH).call()),
    ("not seeded", AssertionError, lambda: _front.State(_front.HAND_GENERATOR).call(_front.GENERATOR_KEY)),
    # The self-test's kernels.
    ("keystream()", TypeError, lambda: _front.keystream()),
    ("a short key", ValueError, lambda: _front.keystream("generic", KEY[:-1], COUNTER, 16)),
    ("a long counter", ValueError, lambda: _front.keystream("generic", KEY, COUNTER + b"0", 16)),
    ("keystream of -1 bytes", ValueError, lambda: _front.keystream("generic", KEY, COUNTER, -1)),
    # HMACs: a wrong size would be written past the end of a tag.
    ("hmac()", TypeError, lambda: _front.hmac()),
    ("hmac of two", TypeError, lambda: _front.hmac(SHA256, b"key")),
    ("hmac by name", TypeError, lambda: _front.hmac("sha256", b"key", b"message")),
    ("hmac -1", ValueError, lambda: _front.hmac(-1, b"key", b"message")),
    ("hmac 99", ValueError, lambda: _front.hmac(99, b"key", b"message")),
    ("hmac 2**99", OverflowError, lambda: _front.hmac(2**99, b"key", b"message")),
    ("a text as key", TypeError, lambda: _front.hmac(SHA256, "key", b"message")),
    ("a text as message", TypeError, lambda: _front.hmac(SHA256, b"key", "message")),
    ("Key()", TypeError, lambda: _front.Key()),
    ("Key(key=)", TypeError, lambda: _front.Key(SHA256, 32, 64, "hmac-sha256", nothing, key=b"key")),
    ("Key of another size", ValueError, lambda: _front.Key(SHA256, 33, 64, "hmac-sha256", nothing, b"key")),
    ("Key of no size", ValueError, lambda: _front.Key(-1, 0, 64, "hmac-none", nothing, b"key")),
    ("Key -2", ValueError, lambda: _front.Key(-2, 32, 64, "hmac-sha256", nothing, b"key")),
    ("Key 99", ValueError, lambda: _front.Key(99, 32, 64, "hmac-sha256", nothing, b"key")),
    ("verify of one", TypeError, lambda: hmac.Key(b"key", "sha256").verify(b"message")),
    ("verify of a text", TypeError, lambda: hmac.Key(b"key", "sha256").verify(b"message", "tag")),
    ("digests of a number", TypeError, lambda: hmac.Key(b"key", "sha256").digests(5)),
    ("digests of a text among bytes", TypeError, lambda: hmac.Key(b"key", "sha256").digests([b"one", "two"])),
    # The functions that make other modules.
    ("numbers()", TypeError, lambda: _front.numbers()),
    ("numbers of nothing", ValueError, lambda: _front.numbers("none", {}, {})),
    ("uuids()", TypeError, lambda: _front.uuids()),
    ("uuids of a number", TypeError, lambda: _front.uuids(5, uuid.SafeUUID.unknown, "gorandom", {})),
    # The rest.
    ("configure of a number", TypeError, lambda: _front.configure(5)),
    ("configure of another word", ValueError, lambda: _front.configure("now")),
    ("add_event of one", TypeError, lambda: _front.add_event(5)),
    ("add_event of a text", TypeError, lambda: _front.add_event(5, "text")),
    ("wait for a text", TypeError, lambda: _front.wait("soon")),
]


# In pure Python the function ignores the argument, or words the error differently.
NOT_PURE = pytest.mark.native("a look at this argument")
NATIVE = ["State('hash')", "a short key", "a long counter", "keystream of -1 bytes", "hmac by name", "hmac -1", "hmac 99", "hmac 2**99",
          "a text as key", "a text as message", "numbers of nothing", "uuids of a number"]  # fmt: skip


@pytest.mark.parametrize(
    "error, call", [pytest.param(error, call, id=name, marks=[NOT_PURE] * (name in NATIVE)) for name, error, call in WRONG]
)
def test_wrong_arguments(error, call):
    with pytest.raises(error):
        call()
    assert len(gorandom.get_random_bytes(16)) == 16, "the stream goes on"


def test_a_kernel_that_there_is_not():
    if not _front.start():
        pytest.skip("there is no core, which knows kernels")
    with pytest.raises(ValueError, match='no kernel "none"'):
        _front.keystream("none", KEY, COUNTER, 16)


def test_what_is_no_warning_of_forks():
    assert _front.warns_in_vain("\ud800") is _front.warns_in_vain(5) is False
    assert _front.warns_in_vain(f"This process (pid={os.getpid()}) is multi-threaded, use of fork() may lead to deadlocks") in (False, True)


@pytest.mark.parametrize("made", [(b"", COUNTER, b""), (KEY, b"", b""), (KEY, COUNTER), (KEY, COUNTER, "text"), None])
def test_a_way_in_python_that_answers_nonsense(python, made):
    """Without a core Python computes a generator's requests. The C code checks what it gets back."""
    python(
        "import sys\nfrom gorandom import _front\n"
        "g = _front.State(_front.HAND_GENERATOR)\n"
        "try:\n    g.call(_front.GENERATOR_RESEED, b'seed', 0, lambda *a: eval(sys.argv[1]))\n"
        "except (ValueError, TypeError, SystemError):\n    pass\nelse:\n    sys.exit('accepted')\n"
        "try:\n    g.call(_front.GENERATOR_KEY)\nexcept AssertionError:\n    pass\nelse:\n    sys.exit('seeded')\n",
        repr(made),
        start="never",
    )


@pytest.mark.parametrize("answer", [b"", b"12345", "1234", None])
def test_a_fallback_that_answers_another_size(answer):
    """hashlib's result, or that of a program's own digest, is never written past the tag. A wrong size is an error and no
    tag."""
    key = _front.Key(-1, 4, 64, "hmac-odd", lambda key, message: answer, b"key")
    for call in (lambda: key.digest(b"message"), lambda: key.digests([b"one"]), lambda: key.verify(b"message", b"1234")):
        with pytest.raises(ValueError, match="changed its size"):
            call()


def test_a_copy_of_a_state_goes_on_alone():
    """The copy is independent, in C and in Python."""
    hash_ = _front.State(_front.HAND_HASH)
    hash_.call(_front.HASH_UPDATE, b"one")
    copy = hash_.copy()
    assert copy.call(_front.HASH_DIGEST) == hash_.call(_front.HASH_DIGEST)
    hash_.call(_front.HASH_UPDATE, b"two")
    assert copy.call(_front.HASH_DIGEST) != hash_.call(_front.HASH_DIGEST)
    generator = _front.State(_front.HAND_GENERATOR)
    for n in (0, 1, 2):
        before = generator.copy()
        assert generator.call(_front.GENERATOR_STEP) == n.to_bytes(16, "little")
        assert before.call(_front.GENERATOR_COUNTER) == n.to_bytes(16, "little")
    assert generator.call(_front.GENERATOR_COUNTER) == (3).to_bytes(16, "little")


@pytest.mark.skipif(not PURE, reason="in C this is test_weather.py's")
def test_a_source_that_stops(monkeypatch):
    """After bytes have come once, an error of the system is OSError, and never zeros."""

    def stopped(n):
        raise OSError(5, "Input/output error")

    gorandom.get_random_bytes(1)
    monkeypatch.setattr(_front, "_system", stopped)
    for call in (gorandom.get_random_bytes, gorandom.urandom, lambda n: gorandom.fill(bytearray(n))):
        with pytest.raises(OSError, match="gives no bytes"):
            call(16)


def test_a_key_in_a_circle_ends():
    """Its fallback holds the key: the collector frees both, and the key is erased."""
    ended = []

    class Fallback:
        def __call__(self, key, message):
            return b"1234"

        def __del__(self):
            ended.append(self)

    fallback = Fallback()
    fallback.key = _front.Key(-1, 4, 64, "hmac-odd", fallback, b"key")
    assert fallback.key.digest(b"message") == b"1234"
    del fallback
    gc.collect()
    assert len(ended) == 1


@pytest.mark.native("numpy's bit generator")
def test_wrong_arguments_of_numpys_module():
    pytest.importorskip("numpy")
    from gorandom import _numpy

    for wrong in (lambda: _numpy.BitGen(1), lambda: _numpy.BitGen(seed=1), lambda: _numpy.BitGen().install("capsule")):
        with pytest.raises((TypeError, ValueError)):
            wrong()
    made = _numpy.BitGen()
    with made:
        with made:  # its owner may enter it again
            pass


def test_a_date_is_no_argument():
    """A date is not a number, a buffer or a text."""
    for call in (gorandom.get_random_bytes, gorandom.urandom, gorandom.fill, gorandom.add_event, _front.configure):
        with pytest.raises((TypeError, ValueError)):
            call(datetime.date(2026, 1, 1))
