"""Numbers, tokens, orders and selections that are made in C: without bias, by enumeration, and what CPython makes
of the same bytes."""

import base64
import collections
import ctypes
import itertools

import pytest
from _forks import plain

import gorandom

# ---- the algorithms, over all that can be drawn ----


def below(data, bound):
    """(number, bytes left), or None if the data did not suffice."""
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
    """After any number of drops, from bytes of its own."""
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
    """All scripts that hold, for each number below one of the bounds, one byte: the k bits that count, then zeros."""
    choices = [[x << 8 - bound.bit_length() for x in range(1 << bound.bit_length())] for bound in bounds]
    return map(bytes, itertools.product(*choices))


@pytest.mark.parametrize("n, k", [(1, 1), (2, 2), (3, 2), (4, 4), (5, 3), (5, 5), (21, 2)])
def test_each_selection_from_a_pool_comes_once(n, k):
    found = collections.Counter(choose(data, n, k) for data in words_of(range(n, n - k, -1)))
    del found[None]  # a word was dropped
    assert found == dict.fromkeys(itertools.permutations(range(n), k), 1)


@pytest.mark.parametrize("n, k", [(22, 1), (22, 2), (40, 2), (127, 2), (30, 3)])
def test_each_selection_by_a_set_comes_once(n, k):
    """Of more items than CPython takes a pool for: an index that came before is drawn anew."""
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
    """Each byte value at each place of a step."""
    for place in range(6):
        for value in range(256):
            data = bytes(place) + bytes([value]) + bytes(5 - place)
            dst = ctypes.create_string_buffer(24)
            plain().plain_hex(dst, data + bytes(8), ctypes.c_size_t(6))
            assert dst.raw[:12] == data.hex().encode()
            plain().plain_urlsafe(dst, data + bytes(8), ctypes.c_size_t(6))
            assert dst.raw[:8] == base64.urlsafe_b64encode(data)
