"""gorandom.random is PyCrypto's Crypto.Random.random: the same messages, and the same results from given bytes."""

import collections
import inspect

import pytest
from _forks import PROGRAMS
from gorandom.random import StrongRandom

import gorandom
from gorandom import random

NAMES = ["StrongRandom", "getrandbits", "randrange", "randint", "choice", "shuffle", "sample"]


def given(*parts):
    """Return a StrongRandom over these bytes, and the list of the sizes that it asked for."""
    asked, left = [], list(parts)

    def randfunc(n):
        asked.append(n)
        return left.pop(0)

    return StrongRandom(randfunc=randfunc), asked


def raises(error, message, function, *args, **kwargs):
    with pytest.raises(error) as caught:
        function(*args, **kwargs)
    assert caught.type is error
    if message is not None:
        assert str(caught.value) == message


def test_names():
    assert random.__all__ == NAMES
    for name in NAMES:
        assert inspect.getdoc(getattr(random, name))


def test_constructor():
    raises(ValueError, "Cannot specify both 'rng' and 'randfunc'", StrongRandom, gorandom.new(), gorandom.get_random_bytes)
    raises(TypeError, None, StrongRandom, 1, 2, 3)
    for made in (StrongRandom(), StrongRandom(gorandom.new()), StrongRandom(rng=gorandom.new()), StrongRandom(randfunc=gorandom.urandom)):
        assert len({made.getrandbits(128) for _ in range(100)}) == 100
    rng = gorandom.new()
    made = StrongRandom(rng)
    rng.close()
    raises(ValueError, "I/O operation on closed file", made.getrandbits, 8)


@pytest.mark.parametrize("k, data, number", [(0, b"", 0), (1, b"\xfe", 0), (1, b"\xff", 1), (7, b"\xff", 127), (8, b"\xfe", 254),
                                             (9, b"\xff\x01", 257), (12, b"\xab\xcd", 0xBCD), (16, b"\xab\xcd", 0xABCD)])  # fmt: skip
def test_getrandbits_keeps_the_low_bits_of_big_endian_bytes(k, data, number):
    made, asked = given(data)
    assert made.getrandbits(k) == number
    assert asked == [(k + 7) // 8]


def test_getrandbits_refuses():
    for k in (-1, -100, -(1 << 70)):
        raises(ValueError, "negative shift count", random.getrandbits, k)
    for k in (1.0, "1", b"1", None, []):
        raises(TypeError, None, random.getrandbits, k)
    assert random.getrandbits(True) in (0, 1)


def test_getrandbits_covers_all_bits():
    ones, zeros = 0, (1 << 1000) - 1
    for _ in range(60):
        drawn = random.getrandbits(1000)
        ones |= drawn
        zeros &= drawn
    assert ones == (1 << 1000) - 1 and zeros == 0


@pytest.mark.parametrize("args", [(7,), (3, 9), (0, 20, 3), (20, 0, -3), (-5, 6, 5), (10, -10, -20), (True,), (2, True, -1)], ids=str)
def test_randrange_gives_all_of_the_range(args):
    assert {random.randrange(*args) for _ in range(600)} == set(range(*args))


def test_randrange_drops_what_is_too_large():
    """As in PyCrypto: enough bits for the number of choices, drawn again until the number is below it."""
    made, asked = given(b"\x07", b"\x06", b"\x0d", b"\x04")  # of 5 choices: 3 bits; 7, 6, 5 are dropped
    assert made.randrange(10, 20, 2) == 18
    assert asked == [1, 1, 1, 1]
    made, asked = given(b"\x01", b"\x00")  # of 1 choice: 1 bit
    assert made.randrange(1) == 0 and asked == [1, 1]
    made, asked = given(b"\x01\x00", b"\x00\xff")  # of 256: 9 bits
    assert made.randrange(256) == 255 and asked == [2, 2]


def test_randrange_refuses():
    raises(TypeError, "randrange expected at most 3 arguments, got 4", random.randrange, 1, 2, 3, 4)
    raises(TypeError, "randrange expected at most 3 arguments, got 0", random.randrange)
    for args in (("1", 2, 1), (1, "2", 1), (1, 2, "1"), (1.0,), (None,), (1, 2, None)):
        raises(TypeError, "randrange requires integer arguments", random.randrange, *args)
    raises(ValueError, "randrange step argument must not be zero", random.randrange, 1, 2, 0)
    raises(ValueError, "empty range for randrange(0, 0, 1)", random.randrange, 0)
    raises(ValueError, "empty range for randrange(5, 5, 1)", random.randrange, 5, 5)
    raises(ValueError, "empty range for randrange(5, 4, 1)", random.randrange, 5, 4)
    raises(ValueError, "empty range for randrange(4, 5, -1)", random.randrange, 4, 5, -1)
    raises(TypeError, None, random.randrange, start=1)


def test_randint():
    assert {random.randint(-2, 2) for _ in range(300)} == {-2, -1, 0, 1, 2}
    assert random.randint(1, 1) == 1
    raises(TypeError, "randint requires integer arguments", random.randint, "1", 2)
    raises(TypeError, "randint requires integer arguments", random.randint, 1, 2.0)
    raises(TypeError, None, random.randint, 1, 2, 3)
    raises(ValueError, "empty range for randrange(2, 2, 1)", random.randint, 2, 1)


def test_choice():
    for seq in ([1, 2, 3], (1, 2, 3), "123", b"123", bytearray(b"123"), range(3)):
        assert {random.choice(seq) for _ in range(200)} == set(seq)
    for empty in ([], (), "", b"", range(0)):
        raises(IndexError, "empty sequence", random.choice, empty)
    for bad in (1, None, iter([1])):
        raises(TypeError, None, random.choice, bad)


def test_shuffle():
    orders = collections.Counter()
    for _ in range(600):
        x = [1, 2, 3]
        assert random.shuffle(x) is None
        orders[tuple(x)] += 1
    assert len(orders) == 6 and min(orders.values()) > 30  # 100 each; below 30 has a chance of 10^-14
    x = bytearray(range(200))
    random.shuffle(x)
    assert sorted(x) == list(range(200)) and x != bytes(range(200))
    random.shuffle([])
    random.shuffle(single := [1])
    assert single == [1]


def test_shuffle_is_fisher_yates_from_the_end():
    made, asked = given(b"\x00", b"\x02", b"\x01")  # of 4, of 3, of 2 items
    x = list("abcd")
    made.shuffle(x)
    assert x == list("dbca") and asked == [1, 1, 1]


@pytest.mark.parametrize("bad", [1, "1", "12", b"1", b"12", (1,), (1, 2), range(3), None], ids=repr)
def test_shuffle_refuses(bad):
    raises(TypeError, None, random.shuffle, bad)


def test_shuffle_takes_one_argument():
    raises(TypeError, None, random.shuffle, [1, 2], random.randrange)


@pytest.mark.parametrize("population", [[1, 2, 3, 4], (1, 2, 3, 4), "1234", b"1234", bytearray(b"1234"), range(4)], ids=repr)
def test_sample(population):
    orders = {tuple(random.sample(population, 2)) for _ in range(500)}
    assert orders == {(a, b) for a in population for b in population if a != b}
    assert sorted(random.sample(population, 4)) == sorted(population)
    assert random.sample(population, 0) == random.sample(population, -1) == random.sample(population, -5) == []


def test_sample_draws_as_pycrypto():
    made, asked = given(b"\x02", b"\x02", b"\x03", b"\x00")  # of 3 items, 2 bits: 2, 2 again, 3 dropped, 0
    assert made.sample("abc", 2) == ["c", "a"] and asked == [1] * 4


def test_sample_refuses():
    raises(ValueError, "sample larger than population", random.sample, [1], 2)
    raises(ValueError, "sample larger than population", random.sample, [], 1)
    for args in ((1, 1), (None, 1), ([1], "1"), ([1, 2], 1.0), ({1}, 1)):
        raises(TypeError, None, random.sample, *args)


def test_children_differ(python, start_mode):
    python(PROGRAMS / "pycrypto_random_forks.py", start=start_mode, flags=["-W", "ignore::DeprecationWarning"])
