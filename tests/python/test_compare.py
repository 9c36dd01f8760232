"""compare_digest compared with the running interpreter's own: the same answers, exceptions and messages."""

import array
import collections
import ctypes
import datetime
import decimal
import hmac
import inspect
import itertools
import mmap
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gorandom

ours, theirs = gorandom.compare_digest, hmac.compare_digest


def outcome(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as e:
        return type(e), str(e).replace("gorandom.", "").replace("_hashlib.", "")


def agree(*args, **kwargs):
    answer = outcome(ours, *args, **kwargs)
    assert answer == outcome(theirs, *args, **kwargs)
    return answer


class Bytes(bytes):
    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = bytes.__hash__


class Text(str):
    def __eq__(self, other):
        raise ZeroDivisionError

    def __len__(self):
        raise ZeroDivisionError

    def isascii(self):
        return True

    __hash__ = str.__hash__


class Exports:
    """A buffer by PEP 688 from CPython 3.12 on. Before that it is no buffer."""

    def __init__(self, data):
        self.data = data

    def __buffer__(self, flags):
        return memoryview(self.data)


class Refuses:
    def __buffer__(self, flags):
        raise ZeroDivisionError("from __buffer__")


def released():
    view = memoryview(b"abcd")
    view.release()
    return view


def mapped():
    memory = mmap.mmap(-1, 4)
    memory[:] = b"abcd"
    return memory


VALUES = {
    "str": "abcd",
    "str, another": "abce",
    "str, longer": "abcde",
    "str, empty": "",
    "str, NUL": "ab\0d",
    "str, DEL": "abc\x7f",
    "str, Latin-1": "abc\x80",
    "str, Latin": "é",
    "str, BMP": "abc\u20ac",
    "str, astral": "abc\U0001f600",
    "str, surrogate": "abc\ud800",
    "str subclass": Text("abcd"),
    "str subclass, non-ASCII": Text("é"),
    "bytes": b"abcd",
    "bytes, another": b"abcE",
    "bytes, longer": b"abcde",
    "bytes, empty": b"",
    "bytes, high": b"\xe9\xff\x80\x00",
    "bytes subclass": Bytes(b"abcd"),
    "bytearray": bytearray(b"abcd"),
    "memoryview": memoryview(b"abcd"),
    "memoryview, part": memoryview(b"xabcdx")[1:5],
    "memoryview, every second": memoryview(b"a.b.c.d.")[::2],
    "memoryview, backwards": memoryview(b"dcba")[::-1],
    "memoryview, 2 x 2": memoryview(b"abcd").cast("B", (2, 2)),
    "memoryview, no dimension": memoryview(b"abcd").cast("B").cast("I", ()),
    "memoryview, wide": memoryview(b"abcd").cast("H"),
    "memoryview, released": released(),
    "array of bytes": array.array("B", b"abcd"),
    "array of int": array.array("i", [1684234849]),
    "array, empty": array.array("B"),
    "ctypes": (ctypes.c_char * 4)(*b"abcd"),
    "ctypes, 2 x 2": (ctypes.c_char * 2 * 2)((ctypes.c_char * 2)(*b"ab"), (ctypes.c_char * 2)(*b"cd")),
    "ctypes, number": ctypes.c_uint32(1684234849),
    "mmap": mapped(),
    "__buffer__": Exports(b"abcd"),
    "__buffer__ that raises": Refuses(),
    "int": 1,
    "bool": True,
    "float": 1.0,
    "complex": 1j,
    "None": None,
    "list": [97, 98, 99, 100],
    "tuple": (1,),
    "dict": {},
    "type": int,
    "function": len,
    "date": datetime.date(2026, 1, 1),
    "Decimal": decimal.Decimal(1),
    "OrderedDict": collections.OrderedDict(),
    "module": pytest,
    "object": object(),
    "long name of a type": type("L" * 120, (), {})(),
    "quotes in the name of a type": type("it's o'clock", (), {})(),
}


@pytest.mark.cpython("its own functions word errors in another way")
@pytest.mark.parametrize("a", VALUES)
def test_every_pair(a):
    """Each kind of argument comes before and after each other."""
    for b in VALUES:
        answer = outcome(ours, VALUES[a], VALUES[b])
        assert answer == outcome(theirs, VALUES[a], VALUES[b]), (a, b)


@pytest.mark.cpython("its own functions word errors in another way")
def test_the_table_is_not_one_sided():
    """The table has what the interpreter's own function answers, as far as it is documented."""
    answers = collections.Counter(
        answer if isinstance(answer, bool) else answer[0]
        for answer in (agree(a, b) for a, b in itertools.product(VALUES.values(), repeat=2))
    )
    assert min(answers[True], answers[False], answers[TypeError], answers[BufferError]) >= 20
    assert agree("é", "é") == (TypeError, "comparing strings with non-ASCII characters is not supported")
    assert agree("a", b"a") == agree(b"a", "a") == (TypeError, "a bytes-like object is required, not 'str'")
    assert agree(1, 1) == (TypeError, "unsupported operand types(s) or combination of types: 'int' and 'int'")
    assert agree(datetime.date(2026, 1, 1), None)[1].endswith(": 'datetime.date' and 'NoneType'")
    assert agree(b"abcd", memoryview(b"a.b.c.d.")[::2])[0] is BufferError
    assert agree(VALUES["ctypes, 2 x 2"], b"abcd") == (BufferError, "Buffer must be single dimension")
    assert agree(Bytes(b"x"), Bytes(b"x")) is True and agree(Text("x"), Text("y")) is False


@pytest.mark.native("function in C, which words a wrong number of arguments in another way")
@pytest.mark.parametrize("args", [(), (b"",), (b"", b"", b""), (1, 2, 3)], ids=len)
def test_number_of_arguments(args):
    assert agree(*args) == (TypeError, f"compare_digest expected 2 arguments, got {len(args)}")


@pytest.mark.native("function in C, which words a wrong number of arguments in another way")
@pytest.mark.parametrize("names", [{"a": b"", "b": b""}, {"b": b""}, {"c": 1}], ids=" ".join)
def test_positional_only(names):
    args = [b""] * (2 - len(names))
    assert agree(*args, **names) == (TypeError, "compare_digest() takes no keyword arguments")
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs)) == "(a, b, /)"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: data.decode("ascii")],
                         ids=["bytes", "bytearray", "memoryview", "str"])  # fmt: skip
def test_a_difference_at_each_position(kind):
    """All lengths around the steps of eight bytes, and each bit of the differing byte."""
    for n in range(71):
        data = bytes(33 + i for i in range(n))
        a = kind(data)
        assert ours(a, kind(bytes(bytearray(data)))) is True
        for i in range(n):
            for bit in range(7):
                other = bytearray(data)
                other[i] ^= 1 << bit
                assert ours(a, kind(bytes(other))) is False, (n, i, bit)
        for other in (data + b"!", data[:-1]):
            if other != data:
                assert ours(a, kind(other)) is ours(kind(other), a) is False


def test_the_highest_bit_and_differences_that_cancel():
    """Two equal differences are 8 and 16 bytes apart. An exclusive or over all steps would lose them."""
    for n in (16, 24, 64):
        for i, step in itertools.product(range(8), (8, 16)):
            for value in (0x80, 0xFF, 1):
                other = bytearray(n)
                other[i] = value
                assert ours(bytes(n), other) is False
                if i + step < n:
                    other[i + step] = value
                    assert ours(bytes(n), other) is False


@pytest.mark.parametrize("start", range(1, 9))
def test_at_every_alignment(start):
    data = bytes(range(64))
    for n in range(48):
        view = memoryview(bytearray(9) + data)[9:]
        assert ours(memoryview(data)[start : start + n], view[start : start + n]) is True


@given(a=st.binary(max_size=100), b=st.binary(max_size=100))
def test_bytes(a, b):
    assert ours(a, b) is theirs(a, b) is (a == b)
    assert ours(a, bytearray(a)) is True


@given(a=st.binary(min_size=1, max_size=300), data=st.data())
def test_one_byte_changed(a, data):
    i = data.draw(st.integers(0, len(a) - 1))
    b = bytearray(a)
    b[i] ^= data.draw(st.integers(1, 255))
    assert ours(a, b) is False


@given(a=st.text(max_size=30), b=st.text(max_size=30))
def test_text(a, b):
    agree(a, b)
    agree(a, a)


@pytest.mark.cpython("it counts no references and tells no sizes of objects")
def test_nothing_is_kept():
    """Buffers are released and references given back, also after failures."""
    many = [bytearray(b"abcd"), bytearray(b"abce"), "é" + "x" * 30, 1234567890123, [], memoryview(b"abcd")[::2]]
    before = [sys.getrefcount(x) for x in many]
    for a, b in itertools.product(many, repeat=2):
        for _ in range(50):
            outcome(ours, a, b)
    del a, b
    assert [sys.getrefcount(x) for x in many] == before
    for x in many[:2]:
        x.append(1)  # BufferError while somebody holds a view


@pytest.mark.cpython("it counts no references and tells no sizes of objects")
@pytest.mark.parametrize("a, b", [(1, 2), ("é", "é"), ("\ud800", ""), (b"", ""), (b"", b"")], ids=ascii)
def test_nothing_is_left_behind(a, b):
    outcome(ours, a, b)
    before = sys.getallocatedblocks()
    for _ in range(1000):
        outcome(ours, a, b)
    assert sys.getallocatedblocks() - before < 500


@pytest.mark.cpython("it counts no references and tells no sizes of objects")
def test_no_copy_of_an_ascii_string():
    """CPython keeps the UTF-8 text of other strings beside them. A key of ASCII must not be in memory twice."""
    text = "".join(["k"] * 1000)
    size = sys.getsizeof(text)
    assert ours(text, "k" * 1000) is True and sys.getsizeof(text) == size


def test_secrets_has_it():
    from gorandom import secrets

    assert secrets.compare_digest is ours
