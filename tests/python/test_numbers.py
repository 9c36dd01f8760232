"""Numbers, tokens, orders and selections made in C. Enumeration shows that they have no bias, and CPython makes the same of
the same bytes."""

import base64
import collections
import ctypes
import itertools
import math
import pickle
import random
import subprocess
import sys

import pytest
from _forks import PROGRAMS, linux, plain, run, scripted

import gorandom
from gorandom import random as strong
from gorandom import secrets

# ---- the algorithms, over all that can be drawn ----


def below(data, bound):
    """Return (number, bytes left), or None if there were too few data."""
    x = ctypes.c_uint64()
    left = plain().plain_below(data, ctypes.c_size_t(len(data)), ctypes.c_uint64(bound), ctypes.byref(x))
    return None if left < 0 else (x.value, left)


def enumerate_words(bound, size):
    counts = (ctypes.c_uint32 * (bound + 1))()
    assert plain().plain_enumerate(ctypes.c_uint64(bound), ctypes.c_size_t(size), counts) == 0
    return list(counts)


@pytest.mark.parametrize("bound", range(1, 256))
def test_each_number_below_comes_from_as_many_bytes(bound):
    *numbers, dropped = enumerate_words(bound, 1)
    share = 256 >> bound.bit_length()
    assert set(numbers) == {share} and dropped == 256 - share * bound


@pytest.mark.parametrize("bound", [256, 257, 1000, 1023, 1024, 32767, 32768, 40000, 65535])
def test_each_number_below_comes_from_as_many_words(bound):
    *numbers, dropped = enumerate_words(bound, 2)
    share = 65536 >> bound.bit_length()
    assert set(numbers) == {share} and dropped == 65536 - share * bound


@pytest.mark.parametrize("bound", [1, 2, 3, 255, 256, 1 << 31, (1 << 32) + 1, (1 << 56) - 1, 1 << 63, (1 << 64) - 1])
def test_what_is_too_large_is_drawn_anew(bound):
    """However many words are dropped, the next number is made from new bytes."""
    k = bound.bit_length()
    size = (k + 7) // 8
    excess = 8 * size - k
    largest, smallest_dropped, ones = ((x << excess).to_bytes(size, "big") for x in (bound - 1, bound, (1 << k) - 1))
    assert below(largest + b"rest", bound) == (bound - 1, 4)
    assert below(smallest_dropped + ones * 9 + largest + b"rest", bound) == (bound - 1, 4)
    assert below(ones * 5, bound) is None


@pytest.mark.parametrize("k", range(65))
def test_bits_are_the_high_ones(k):
    size = (k + 7) // 8
    for data in (bytes(size), b"\xff" * size, bytes(range(0x81, 0x81 + size)), gorandom.urandom(size)):
        x = ctypes.c_uint64()
        assert plain().plain_bits(data, ctypes.c_size_t(size), k, ctypes.byref(x)) == 0
        assert x.value == int.from_bytes(data, "big") >> (8 * size - k)


@pytest.mark.parametrize("data, number", [(b"\xff" * 7, 1.0 - 2.0**-53), (bytes(6) + b"\x07", 0.0), (bytes(6) + b"\x08", 2.0**-53),
                                          (b"\x80" + bytes(6), 0.5)])  # fmt: skip
def test_floats_have_53_bits_of_seven_bytes(data, number):
    x = ctypes.c_double()
    assert plain().plain_float(data, ctypes.c_size_t(7), ctypes.byref(x)) == 0 and x.value == number


def choose(data, n, k):
    chosen, room = (ctypes.c_uint32 * max(k, 1))(), (ctypes.c_uint32 * plain().plain_room(ctypes.c_size_t(n), ctypes.c_size_t(k)))()
    sizes = (ctypes.c_size_t(value) for value in (len(data), n, k))
    left = plain().plain_choose(data, *sizes, chosen, room)
    assert not any(room), "the table is erased"
    return None if left else tuple(chosen[:k])


def words_of(bounds):
    """Yield all inputs that have, for each number below one of the bounds, one byte: the k bits that count, then zeros."""
    choices = [[x << 8 - bound.bit_length() for x in range(1 << bound.bit_length())] for bound in bounds]
    return map(bytes, itertools.product(*choices))


@pytest.mark.parametrize("n, k", [(1, 1), (2, 2), (3, 2), (4, 4), (5, 3), (5, 5), (21, 2)])
def test_each_selection_from_a_pool_comes_once(n, k):
    found = collections.Counter(choose(data, n, k) for data in words_of(range(n, n - k, -1)))
    del found[None]  # a word was dropped
    assert found == dict.fromkeys(itertools.permutations(range(n), k), 1)


@pytest.mark.parametrize("n, k", [(22, 1), (22, 2), (40, 2), (127, 2), (30, 3)])
def test_each_selection_by_a_set_comes_once(n, k):
    """From so many items that CPython uses a set and no pool: an index that came before is drawn again."""
    found = collections.Counter(choose(data, n, k) for data in words_of([n] * k))
    del found[None]
    assert found == dict.fromkeys(itertools.permutations(range(n), k), 1)


@pytest.mark.parametrize("n", [*range(0, 40), 1000, 1024])
def test_texts(n):
    for data in (bytes((i * 37 + n) % 256 for i in range(n)), bytes(n), b"\xff" * n, gorandom.urandom(n)):
        dst = ctypes.create_string_buffer(2 * n + 8)
        plain().plain_hex(dst, data + bytes(8), ctypes.c_size_t(n))
        assert dst.raw[: 2 * n] == data.hex().encode()
        plain().plain_urlsafe(dst, data + bytes(8), ctypes.c_size_t(n))
        wanted = base64.urlsafe_b64encode(data).rstrip(b"=")
        assert dst.raw[: len(wanted)] == wanted and len(wanted) == (4 * n + 2) // 3


def test_texts_of_all_values():
    """Each byte value at each place of a six-byte group."""
    for place in range(6):
        for value in range(256):
            data = bytes(place) + bytes([value]) + bytes(5 - place)
            dst = ctypes.create_string_buffer(24)
            plain().plain_hex(dst, data + bytes(8), ctypes.c_size_t(6))
            assert dst.raw[:12] == data.hex().encode()
            plain().plain_urlsafe(dst, data + bytes(8), ctypes.c_size_t(6))
            assert dst.raw[:8] == base64.urlsafe_b64encode(data)


# ---- the installed library, given its bytes ----


def preloaded(program, *args):
    return run(program, "never", *args, env={"LD_PRELOAD": str(scripted())})


@pytest.mark.native("draw by the C library, which the test replaces")
@linux
def test_the_same_numbers_as_the_standard_librarys_from_the_same_bytes():
    """Bytes given to the installed library become the same numbers, for all of SystemRandom and secrets."""
    assert preloaded(PROGRAMS / "numbers_same.py") == []


@pytest.mark.native("draw by the C library, which the test replaces")
@linux
def test_uuids_from_given_bytes():
    found = preloaded(PROGRAMS / "numbers_uuids.py")
    assert found == [True, "018bcfe5-687b-7102-8304-05060708090a"]


# ---- what a program has replaced is asked ----


class TestSubclasses:
    """As with random.SystemRandom, methods call those that they build on, even if a program has replaced them."""

    def test_getrandbits(self):
        class Zeros(gorandom.SystemRandom):
            def getrandbits(self, k):
                return 0

        r, x = Zeros(), [1, 2, 3, 4]
        r.shuffle(x)
        assert (r._randbelow(9), r.randrange(9), r.randint(3, 9), r.choice("abc")) == (0, 0, 3, "a")
        assert x == [2, 3, 4, 1] and r.sample(range(9), 1) == [0] and r.randbytes(3) != r.randbytes(3)

    def test_random_alone(self):
        def ends(kind):
            class Thirds(kind):
                def random(self):
                    return 1 / 3

            r, x = Thirds(), [1, 2, 3, 4, 5]
            r.shuffle(x)
            assert len({r.getrandbits(64) for _ in range(9)}) == 9
            return r.random(), r._randbelow(10), r.randrange(10), r.choice("abcd"), r.choices("abcd"), x, r.sample(range(9), 3)

        assert ends(gorandom.SystemRandom) == ends(random.SystemRandom)

    def test_randbelow(self):
        class Last(gorandom.SystemRandom):
            def _randbelow(self, n):
                return n - 1

        r, x = Last(), [1, 2, 3]
        r.shuffle(x)
        assert (r.randrange(9), r.randint(3, 9), r.choice("abc"), x, r.sample("abc", 2)) == (8, 9, "c", [1, 2, 3], ["c", "b"])

    def test_randrange(self):
        def ends(base):
            class Seven(base):
                def randrange(self, *args):
                    return 7

            return Seven().randint(1, 1), Seven().choice("a")  # from CPython 3.14 on, randint does not ask randrange

        assert ends(gorandom.SystemRandom) == ends(random.SystemRandom)

    def test_a_mixin_and_a_grandchild(self):
        class Mixin:
            def getrandbits(self, k):
                return 0

        class Mixed(Mixin, gorandom.SystemRandom):
            pass

        class Child(Mixed):
            pass

        assert Mixed().choice("abc") == Child().choice("abc") == "a"

    def test_on_the_object(self):
        r = gorandom.SystemRandom()
        r.getrandbits = lambda k: 0
        assert (r._randbelow(9), r.choice("abc"), r.randint(3, 9)) == (0, "a", 3)
        r = gorandom.SystemRandom()
        r._randbelow = lambda n: n - 1
        assert (r.choice("abc"), r.randrange(9), r.sample("abc", 1)) == ("c", 8, ["c"])

    def test_on_the_class_later(self, monkeypatch):
        monkeypatch.setattr(gorandom.SystemRandom, "getrandbits", lambda self, k: 0)
        r = gorandom.SystemRandom()
        assert (r._randbelow(9), r.choice("abc"), r.randint(3, 9)) == (0, "a", 3)

    def test_another_subclass_stays_in_c(self):
        class Named(gorandom.SystemRandom):
            __slots__ = ("name",)

        assert Named().choice([1]) == 1 and len({Named().getrandbits(128) for _ in range(9)}) == 9
        assert Named._randbelow is gorandom.SystemRandom._randbelow

    @pytest.mark.native("method in C, which checks what it is called on")
    def test_unbound_and_wrong_self(self):
        r = gorandom.SystemRandom()
        assert gorandom.SystemRandom.choice(r, [1]) == 1 and 0 <= gorandom.SystemRandom.random(r) < 1
        for wrong in (random.Random(), object(), None):
            with pytest.raises(TypeError):
                gorandom.SystemRandom.choice(wrong, [1])


# ---- lists that change, and what is around the functions ----


@pytest.mark.cpython("its objects have no count of references")
def test_shuffle_keeps_the_objects():
    class Item:
        pass

    items = [Item() for _ in range(500)]
    counts = [sys.getrefcount(item) for item in items]
    for shuffle in (gorandom.SystemRandom().shuffle, strong.shuffle):
        copy = list(items)
        for _ in range(20):
            shuffle(copy)
        assert set(copy) == set(items) and copy != items
        del copy
    assert [sys.getrefcount(item) for item in items] == counts
    chosen = strong.sample(items, 500) + gorandom.SystemRandom().sample(items, 100)
    assert set(chosen) == set(items)
    del chosen
    assert [sys.getrefcount(item) for item in items] == counts


def test_a_long_shuffle_lets_signals_in(python):
    """Signals are handled in its middle. A handler's exception ends it, and all items stay."""
    assert python(PROGRAMS / "numbers_interrupted.py").strip() == "True True"


@pytest.mark.native("shuffle of millions of items in a minute")
@pytest.mark.once
@linux
def test_a_fork_in_the_middle_of_a_shuffle(python, start_mode):
    """Both processes have what was shuffled before the fork. Each shuffles the rest with numbers of its own."""
    assert python(PROGRAMS / "numbers_forked.py", start=start_mode, flags=["-W", "ignore"]).split() == ["True"] * 3


def test_a_list_that_another_thread_changes(python):
    """It raises an error or gives an order, and never crashes."""
    assert python(PROGRAMS / "numbers_changed_list.py").strip() == "True"


@pytest.mark.parametrize("function", [secrets.randbelow, secrets.token_bytes, secrets.token_hex, secrets.token_urlsafe, secrets.choice,
                                      strong.shuffle, strong.getrandbits, gorandom.uuid4, gorandom.uuid7], ids=lambda f: f.__name__)  # fmt: skip
def test_functions_are_found_by_their_names(function):
    """A multiprocessing pool finds them so."""
    assert pickle.loads(pickle.dumps(function)) is function
    assert function.__module__.partition(".")[0] == "gorandom" and function.__name__ == function.__qualname__


@pytest.mark.parametrize("function, theirs", [("randrange", random.SystemRandom), ("randint", random.SystemRandom),
                                              ("choice", random.SystemRandom), ("shuffle", random.SystemRandom),
                                              ("sample", random.SystemRandom), ("random", random.SystemRandom),
                                              ("getrandbits", random.SystemRandom)])  # fmt: skip
@pytest.mark.parametrize("args, kwargs", [((), {}), ((1, 2, 3, 4), {}), ((), {"what": 1}), (([], 1), {}), ((0,), {}), ((-1,), {}), ((-(1 << 63),), {}),
                                          ((5, 5), {}), ((5, 4), {}), ((None,), {}), (([1], -1), {}), (([1], 2), {}),
                                          (([1],), {"k": 2}), (({1: 1}, 1), {}), (((1, 2),), {})], ids=repr)  # fmt: skip
def test_errors_are_the_running_versions(function, theirs, args, kwargs):
    def end(r):
        try:
            getattr(r, function)(*args, **kwargs)
        except Exception as e:
            return type(e), str(e)
        return None

    assert end(gorandom.SystemRandom()) == end(theirs())


def test_full_range_is_reached():
    assert {gorandom.SystemRandom().randint(-(1 << 63), (1 << 63) - 1) >> 62 for _ in range(200)} == {-2, -1, 0, 1}
    assert {strong.randint(-(1 << 63), (1 << 63) - 1) >> 62 for _ in range(200)} == {-2, -1, 0, 1}
    assert math.log2(max(secrets.randbelow((1 << 63) - 1) for _ in range(100))) > 62


@pytest.mark.cpython("it has no interpreters beside the first")
def test_subinterpreters():
    """Each has its own classes and names, and its UUIDs are of its own class."""
    subprocess.run([sys.executable, PROGRAMS / "numbers_interpreters.py"], check=True, timeout=60)
