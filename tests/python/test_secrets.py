"""gorandom.secrets compared with the standard library's: every name, the same errors; PEP 522's wait."""

import array
import base64
import os
import secrets as theirs
import string
import sys

import pytest
from _forks import PROGRAMS, linux, run
from conftest import PURE

import gorandom
from gorandom import secrets as ours

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402


def outcome(function, *args, **kwargs):
    with pytest.raises(BaseException) as caught:
        function(*args, **kwargs)
    text = str(caught.value)
    for module in ("posix.", "gorandom."):
        text = text.replace(module, "")
    return caught.type, text


def test_every_name():
    assert set(theirs.__all__) | {"wait_for_system_rng"} == set(ours.__all__)
    for name in theirs.__all__:
        assert getattr(ours, name).__doc__
    assert ours.DEFAULT_ENTROPY == theirs.DEFAULT_ENTROPY == 32
    assert ours.SystemRandom is gorandom.SystemRandom
    assert ours.wait_for_system_rng is gorandom.wait_for_system_rng


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 32, 100, 4096])
def test_tokens(n):
    assert len(ours.token_bytes(n)) == len(ours.token_bytes(nbytes=n)) == n
    assert len(ours.token_hex(n)) == 2 * n and set(ours.token_hex(n)) <= set(string.hexdigits.lower())
    text = ours.token_urlsafe(n)
    assert "=" not in text and set(text) <= set(string.ascii_letters + string.digits + "-_")
    assert len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) == n


def test_default_size(monkeypatch):
    assert len(ours.token_bytes()) == len(ours.token_bytes(None)) == 32
    assert len(ours.token_hex()) == len(ours.token_hex(None)) == 64
    assert len(ours.token_urlsafe()) == len(ours.token_urlsafe(None)) == 43
    monkeypatch.setattr(ours, "DEFAULT_ENTROPY", 5)
    assert (len(ours.token_bytes()), len(ours.token_hex()), len(ours.token_urlsafe())) == (5, 10, 7)


def test_tokens_differ():
    for token in (ours.token_bytes, ours.token_hex, ours.token_urlsafe):
        assert len({token() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("size", [1023, 1024, 1025, 5000, 300_000])
def test_large_tokens(size):
    """From a certain size on, Python code makes them."""
    assert len(ours.token_bytes(size)) == size and len(bytes.fromhex(ours.token_hex(size))) == size
    text = ours.token_urlsafe(size)
    assert len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) == size
    assert ours.token_bytes(size)[-8:] != bytes(8) and ours.token_hex(size)[-16:] != "0" * 16


@pytest.mark.parametrize("data, text", [(b"\xfb\xff\xfe", "-__-"), (b"\xff", "_w"), (b"\xfb\xf0", "-_A"), (b"", "")])
def test_encodings_of_given_bytes_in_python(monkeypatch, data, text):
    monkeypatch.setattr(ours, "token_bytes", lambda n: data)
    assert ours._python["token_urlsafe"](len(data)) == text and ours._python["token_hex"](len(data)) == data.hex()


@pytest.mark.cpython("its own functions word errors in another way")
@pytest.mark.parametrize("name", ["token_bytes", "token_hex", "token_urlsafe"])
@pytest.mark.parametrize("bad", [-1, 1.0, "1", b"1", [], 1 << 70, -(1 << 70), object], ids=repr)
def test_bad_sizes(name, bad):
    assert outcome(getattr(ours, name), bad) == outcome(getattr(theirs, name), bad)


class TestNumbers:
    def test_randbelow(self):
        assert {ours.randbelow(3) for _ in range(300)} == {0, 1, 2}
        assert ours.randbelow(1) == 0 and all(ours.randbelow(1 << 200) < 1 << 200 for _ in range(20))

    @pytest.mark.parametrize("bad", [0, -1, -(1 << 70), 1.5, -1.0, "1", None, [], 1j], ids=repr)
    def test_bad_bounds(self, bad):
        assert outcome(ours.randbelow, bad) == outcome(theirs.randbelow, bad)
        if bad == 0:
            assert outcome(ours.randbelow, bad) == (ValueError, "Upper bound must be positive.")

    def test_randbits(self):
        assert ours.randbits(0) == 0 and {ours.randbits(1) for _ in range(100)} == {0, 1}
        assert all(ours.randbits(k=9) < 512 for _ in range(50)) and len({ours.randbits(128) for _ in range(500)}) == 500

    @pytest.mark.cpython("its own functions word errors in another way")
    @pytest.mark.parametrize("bad", [-1, 1.5, "1", None, []], ids=repr)
    def test_bad_bits(self, bad):
        assert outcome(ours.randbits, bad) == outcome(theirs.randbits, bad)
        if bad == -1:
            assert outcome(ours.randbits, bad) == (ValueError, "number of bits must be non-negative")

    def test_choice(self):
        assert {ours.choice("abc") for _ in range(300)} == set("abc")
        assert ours.choice([7]) == ours.choice(seq=(7,)) == ours.choice(range(7, 8)) == 7

    @pytest.mark.parametrize("bad", [[], "", (), {}, None, 5, {1}], ids=repr)  # PyPy's message contains the key that was drawn
    def test_bad_choices(self, bad):
        assert outcome(ours.choice, bad) == outcome(theirs.choice, bad)

    @pytest.mark.parametrize("name", ["randbits", "randbelow", "choice", "token_bytes", "token_hex", "token_urlsafe"])
    @pytest.mark.parametrize("args, kwargs", [((1, 2), {}), ((), {"what": 1}), ((1,), {"nbytes": 1, "k": 1})])
    def test_called_wrongly(self, name, args, kwargs):
        assert outcome(getattr(ours, name), *args, **kwargs) == outcome(getattr(theirs, name), *args, **kwargs)

    @pytest.mark.parametrize("name", ["randbits", "randbelow", "choice"])
    def test_called_without_arguments(self, name):
        assert outcome(getattr(ours, name)) == outcome(getattr(theirs, name))


class TestCompareDigest:
    @pytest.mark.parametrize("a, b, same", [("abc", "abc", True), ("abc", "abd", False), ("abc", "abcd", False), ("", "", True),
                                            (b"x", bytearray(b"x"), True), (b"x", memoryview(b"y"), False),
                                            (array.array("B", b"x"), b"x", True)])  # fmt: skip
    def test_compares(self, a, b, same):
        assert ours.compare_digest(a, b) is same

    @pytest.mark.cpython("its own functions word errors in another way")
    @pytest.mark.parametrize("a, b", [("é", "é"), ("a", b"a"), (b"a", "a"), (1, 1), (None, None), ([], [])])
    def test_refuses(self, a, b):
        assert outcome(ours.compare_digest, a, b) == outcome(theirs.compare_digest, a, b)


@pytest.mark.skipif(PURE and not hasattr(os, "getrandom"), reason="this Python has no os.getrandom, which alone can tell that the system is not ready")
@linux
@pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")
def test_not_ready():
    """PEP 522: this module waits (and a signal's handler ends the wait), and SystemRandom raises."""
    found = run(PROGRAMS / "secrets_not_ready.py", "auto", timeout=30)
    assert found.pop("wrong") == str(outcome(os.urandom, -1)[1])
    raises = {"random", "getrandbits", "randbytes", "_randbelow", "randint", "choice'", "long", "sample", "shuffle", "gauss"}
    assert {name for name, how in found.items() if how == "system random number generator is not ready"} == raises
    assert {name for name, how in found.items() if how == "waited"} == set(found) - raises


@linux
def test_waits_and_goes_on():
    """After the wait the draw is made, in the Python part (test_weather.py has C's). A filter can't be removed, so it can't
    simulate a kernel that becomes ready. Here a replaced urandom is not ready twice."""
    found = run(PROGRAMS / "secrets_wait.py", "auto")
    assert found == [20, 1, 0, 1]
