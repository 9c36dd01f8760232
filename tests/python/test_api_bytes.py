"""Every size, by every name that gives bytes. test_api_modes.py runs this again in other modes and in a child.

Every check of the bytes is one that can't fail by chance (below 2**-100).
"""

import concurrent.futures
import threading

import pytest

import gorandom

MIB = 1 << 20
# Around the limits of Python and the pool (512, 3776, 4096, 8192), a generator (256 KiB) and Fortuna (1 MiB); beyond an
# entry's 16 MiB.
SIZES = [0, 1, 15, 16, 17, 511, 512, 513, 1024, 3775, 3776, 3777, 4095, 4096, 4097, 8191, 8192, 8193,
         MIB - 1, MIB, MIB + 1, 5 * MIB, 16 * MIB + 1, 40 * MIB]  # fmt: skip


def by_fill(n):
    buffer = bytearray(n)
    assert gorandom.fill(buffer) is None
    return bytes(buffer)


def by_readinto(n):
    buffer = bytearray(n)
    assert gorandom.new().readinto(buffer) == n
    return bytes(buffer)


WAYS = {
    "get_random_bytes": gorandom.get_random_bytes,
    "keyword": lambda n: gorandom.get_random_bytes(n=n),
    "urandom": gorandom.urandom,
    "fill": by_fill,
    "read": lambda n: gorandom.new().read(n),
    "readinto": by_readinto,
}


def pieces(data):
    """Return 16 bytes out of each KiB, and the last 16."""
    found = [data[i : i + 16] for i in range(0, len(data) - 15, 1024)]
    return found + [data[-16:]] if len(data) >= 32 and len(data) % 1024 != 16 else found


# Some names share their code with get_random_bytes and fill, and need no 40 MiB of their own.
@pytest.mark.parametrize(
    "n, way", [(n, way) for n in SIZES for way in WAYS if n <= 5 * MIB or way not in ("keyword", "read", "readinto")]
)
def test_size(n, way):
    data = WAYS[way](n)
    assert type(data) is bytes and len(data) == n
    assert bytes(16) not in data, "a hole of zeros"
    if n >= 16:
        again = WAYS[way](n)
        drawn = pieces(data) + pieces(again)
        assert len(set(drawn)) == len(drawn), "repeated bytes"
        assert bytes(16) not in again


@pytest.mark.parametrize("n", range(1, 16))
@pytest.mark.parametrize("way", ["get_random_bytes", "urandom", "fill"])
def test_every_byte_of_a_small_draw_is_drawn(n, way):
    draws = [WAYS[way](n) for _ in range(128)]
    for at in range(n):
        assert len({draw[at] for draw in draws}) > 1


def test_sizes_in_a_row_never_repeat():
    """Pools are handed out in pieces of any size, also across a refill. No byte may come twice."""
    stream = bytearray()
    for n in list(range(0, 1100)) + [1024, 1, 1024, 2, 1024, 3, 3776, 5]:
        stream += gorandom.get_random_bytes(n)
    windows = {bytes(stream[i : i + 16]) for i in range(len(stream) - 15)}
    assert len(windows) == len(stream) - 15


def test_integers_of_all_kinds():
    class Size(int):
        def __index__(self):
            raise AssertionError("an int is its value")

    for draw in (gorandom.get_random_bytes, gorandom.urandom, gorandom.new().read):
        assert len(draw(True)) == 1
        assert draw(False) == b""
        assert len(draw(Size(7))) == 7


def test_index_objects():
    """As in the replaced functions: os.urandom takes numpy's integers, PyCrypto's took only ints."""

    class Index:
        def __index__(self):
            return 24

    assert len(gorandom.urandom(Index())) == 24
    for draw in (gorandom.get_random_bytes, gorandom.new().read):
        with pytest.raises(TypeError, match="^an integer is required$"):
            draw(Index())


def test_threads():
    """Each thread has its own pool. No pool may hand out another's bytes, and a pool is used again."""
    together = threading.Barrier(8)

    def draw(_):
        together.wait(60)
        return [gorandom.get_random_bytes(n) for n in (16, 1000, 5000, 16, 100_000) for _ in range(40)]

    seen = []
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            for drawn in threads.map(draw, range(8)):
                seen += [draw[:16] for draw in drawn]
    assert len(set(seen)) == len(seen) == 3 * 8 * 200
