"""gorandom.compat.pycrypto.Random.Fortuna: PyCrypto's classes over the Go core's algorithm, and over Python's in a process
without a core. Digests and blocks that are not from PyCrypto's self-test are computed here, by hashlib and by the book's
rules."""

import hashlib
import inspect
import os
import pickle
import warnings

import pytest
from _forks import PROGRAMS
from gorandom.compat.pycrypto.pct_warnings import ClockRewindWarning
from gorandom.compat.pycrypto.Random.Fortuna import FortunaAccumulator as accumulator
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256


def shad256(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def failed_assertion(message, function, *args):
    with pytest.raises(AssertionError) as caught:
        function(*args)
    assert caught.value.args == ((message,) if message else ())


class TestSHAd256:
    @pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 4095, 4096, 4097, 100_000])
    def test_is_sha256_twice(self, n):
        data = bytes(i * 7 % 256 for i in range(n))
        h = SHAd256.new(data)
        assert h.digest() == h.digest() == shad256(data)
        assert h.hexdigest() == shad256(data).hex() and type(h.hexdigest()) is str
        pieces = SHAd256.new()
        for i in range(0, n, 37):
            assert pieces.update(data[i : i + 37]) is None
            assert pieces.digest() == shad256(data[: i + 37])

    def test_new(self):
        for none in ((), (b"",), (None,)):
            assert SHAd256.new(*none).digest() == shad256(b"")
        assert SHAd256.new(data=b"x").digest() == SHAd256.new(bytearray(b"x")).digest() == shad256(b"x")
        assert SHAd256.new(b"x").new().digest() == shad256(b"") and SHAd256.new().new(b"y").digest() == shad256(b"y")

    def test_attributes(self):
        assert SHAd256.digest_size == SHAd256.new().digest_size == 32
        assert SHAd256.__all__ == ["new", "digest_size"]
        for thing in (SHAd256, SHAd256.new()):
            with pytest.raises(AttributeError):
                thing.oid

    def test_copy(self):
        one = SHAd256.new(b"a" * 100)
        two = one.copy()
        one.update(b"b")
        two.update(b"c")
        assert one.digest() == shad256(b"a" * 100 + b"b") and two.digest() == shad256(b"a" * 100 + b"c")
        assert type(two) is type(one)

    def test_direct_instantiation(self):
        message = "Do not instantiate this class directly.  Use Crypto.Random.Fortuna.SHAd256.new()"
        for args in ((), (None,), (None, None), (object(), hashlib.sha256())):
            failed_assertion(message, type(SHAd256.new()), *args)

    @pytest.mark.parametrize("bad", ["text", 1, 1.5, [1]], ids=repr)
    def test_refuses(self, bad):
        with pytest.raises(TypeError):
            SHAd256.new(bad)
        with pytest.raises(TypeError):
            SHAd256.new().update(bad)


class TestPool:
    def test_digests_and_length(self):
        pool = accumulator.FortunaPool()
        assert pool.digest_size == accumulator.FortunaPool.digest_size == 32
        assert pool.length == 0 and pool.digest() == shad256(b"")
        pool.append(b"abc")
        pool.append(memoryview(bytearray(b"defg")))
        assert pool.length == 7 and pool.digest() == shad256(b"abcdefg")
        assert pool.hexdigest() == shad256(b"abcdefg").hex() and type(pool.hexdigest()) is str
        pool.append(b"a" * 10**6)
        assert pool.length == 10**6 + 7
        pool.reset()
        assert pool.length == 0 and pool.digest() == shad256(b"")

    def test_refuses(self):
        pool = accumulator.FortunaPool()
        with pytest.raises(TypeError):
            pool.append("text")
        assert pool.length == 0 and pool.digest() == shad256(b"")


def test_which_pools():
    for r in [*range(1, 300), 2**31, 2**32, 2**33, 2**64, 2**128, 3 * 2**40, 2**31 - 1]:
        assert accumulator.which_pools(r) == [i for i in range(32) if r % 2**i == 0]
    for r in (0, -1, -4):
        failed_assertion(None, accumulator.which_pools, r)
    for r in ("1", None, 1.5):
        with pytest.raises(TypeError):
            accumulator.which_pools(r)


class TestGenerator:
    @pytest.fixture
    def generator(self):
        return FortunaGenerator.AESGenerator()

    def test_constants(self, generator):
        assert (generator.block_size, generator.key_size, generator.blocks_per_key, generator.block_size_shift) == (16, 32, 2, 4)
        assert (generator.max_blocks_per_request, generator.max_bytes_per_request) == (2**16, 2**20)

    def test_unseeded(self, generator):
        assert generator.key is None and generator.counter.next_value() == 0
        for n in (0, 1, 2**20 + 1):
            failed_assertion("generator must be seeded before use", generator.pseudo_random_data, n)
        failed_assertion("generator must be seeded before use", generator._pseudo_random_data, 0)
        assert generator.key is None and generator.counter.next_value() == 0

    def test_reseed(self, generator):
        assert generator.reseed(b"Hello") is None
        key = shad256(bytes(32) + b"Hello")
        assert generator.key == key and type(generator.key) is bytes and generator.counter.next_value() == 1
        generator.reseed(b"")
        assert generator.key == shad256(key) and generator.counter.next_value() == 2
        with pytest.raises(TypeError):
            generator.reseed("text")

    def test_pycryptos_vector(self, generator):
        """The self-test's vector: two requests of two blocks, with the key between them."""
        generator.reseed(b"Hello")
        assert generator.pseudo_random_data(32).hex() == "7cbe2c17684ac223d08969ee8b565616717661c0d2f4758bd6ba140bf3791abd"
        assert generator.key.hex() == "33a1bb21987859caf2bbfc5615bef56de6b71ff9f37112d0c193a135160862b7"
        assert generator.counter.next_value() == 5
        assert generator.pseudo_random_data(32).hex() == "fd6648ba3086e919cee34904ef09a7ff021f77580558b8c3e9248275f23042bf"

    @pytest.mark.parametrize(
        "n, digest, counter",
        [(2**20, "4e997da90cefd8758b09e971630fa62bf605f50b149e7eabe54dfa78b9ecd530", 65541),
         (2**20 + 17, "4d648a7e6ff43e18ff1828aa6929e594b2c232d4cf15d4d94127f3f3ff227150", 65543)],
    )  # fmt: skip
    def test_large(self, generator, n, digest, counter):
        generator.reseed(b"Hello")
        assert hashlib.sha256(generator.pseudo_random_data(n)).hexdigest() == digest
        assert generator.counter.next_value() == counter

    @pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 31, 32, 33, 4095, 4096, 4097, 2**20 - 33])
    def test_rekeys(self, generator, n):
        """A request uses its blocks and two more. These two become the key, and no output shows them."""
        generator.reseed(b"Hello")
        key = generator.key
        assert len(generator.pseudo_random_data(n)) == n
        assert generator.counter.next_value() == 1 + (n + 15) // 16 + 2
        assert generator.key != key
        other = FortunaGenerator.AESGenerator()
        other.reseed(b"Hello")
        assert other._pseudo_random_data((n + 15) // 16 * 16 + 32)[-32:] == generator.key

    def test_one_request_has_a_limit(self, generator):
        message = "You cannot ask for more than 1 MiB of data per request"
        for n in (2**20 + 1, 2**30, -1):
            failed_assertion(message, generator._pseudo_random_data, n)
        generator.reseed(b"Hello")
        failed_assertion(message, generator._pseudo_random_data, 2**20 + 1)
        assert generator.counter.next_value() == 1
        assert len(generator._pseudo_random_data(2**20)) == 2**20
        assert generator.counter.next_value() == 1 + 2**16 + 2

    def test_refuses(self, generator):
        generator.reseed(b"Hello")
        failed_assertion(None, generator.pseudo_random_data, -1)
        for bad in (1.5, "1", None, b""):
            with pytest.raises(TypeError):
                generator.pseudo_random_data(bad)
        assert generator.counter.next_value() == 1

    def test_counter(self, generator):
        generator.reseed(b"Hello")
        assert generator.counter.next_value() == generator.counter.next_value() == 1
        assert generator.counter() == (1).to_bytes(16, "little")
        assert generator.counter.next_value() == 2
        other = FortunaGenerator.AESGenerator()
        other.reseed(b"Hello")
        assert generator.pseudo_random_data(16) == other.pseudo_random_data(32)[16:]


class TestAccumulator:
    @pytest.fixture
    def clock(self, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr(accumulator.time, "time", lambda: now[0])
        return now

    @pytest.fixture
    def full(self, clock):
        made = accumulator.FortunaAccumulator()
        for pool in range(32):
            for _ in range(2):
                assert made.add_random_event(42, pool, b"X" * 32) is None
        return made

    def test_attributes(self):
        made = accumulator.FortunaAccumulator()
        assert (made.min_pool_size, made.reseed_interval, made.reseed_count, made.last_reseed) == (64, 0.1, 0, None)
        assert len(made.pools) == 32 and len(set(map(id, made.pools))) == 32
        assert type(made.generator) is FortunaGenerator.AESGenerator
        assert type(made.pools[0]) is accumulator.FortunaPool

    def test_pycryptos_trace(self, full, clock):
        assert full.pools[0].hexdigest() == "aef42a5dcbddab67e8efa118e1b47fde5d697f89beb971b99e6e8e5e89fbf064"
        assert [pool.length for pool in full.pools] == [68] * 32 and full.generator.key is None
        assert full.random_data(32).hex() == "b7b86bd9a27d96d7bb4add1b6b10d1572350b1c61253db2f8da233be726dc15f"
        assert full.generator.key.hex() == "f23ad749f33066ff53d307914fbf5b21da9667c7e86ba247655c9490e9d94a7c"
        assert full.generator.counter.next_value() == 5
        assert (full.reseed_count, full.last_reseed) == (1, 1000.0)
        assert [pool.length for pool in full.pools] == [0] + [68] * 31

    def test_the_second_reseed_uses_pool_1_too(self, full, clock):
        full.random_data(0)
        key = full.generator.key
        full.pools[0].append(b"Y" * 64)
        one, two = full.pools[0].digest(), full.pools[1].digest()
        clock[0] += 1
        full._reseed()
        assert full.generator.key == shad256(key + one + two)
        assert [pool.length for pool in full.pools] == [0, 0] + [68] * 30
        assert (full.reseed_count, full.last_reseed) == (2, 1001.0)

    def test_before_the_first_reseed(self):
        made = accumulator.FortunaAccumulator()
        for _ in range(15):
            made.add_random_event(2, 0, b"XX")
            failed_assertion("generator must be seeded before use", made.random_data, 1)
        assert made.pools[0].length == 60
        made.add_random_event(2, 0, b"XX")
        assert len(made.random_data(1)) == 1

    def test_the_interval(self, full, clock):
        def reseeds(seconds):
            clock[0] += seconds
            full.pools[0].append(bytes(64))
            before = full.reseed_count
            full.random_data(bytes=1)
            return full.reseed_count - before

        assert reseeds(0) == 1
        assert reseeds(0) == 0 and reseeds(0.05) == 0 and reseeds(0.04) == 0
        assert reseeds(0.02) == 1
        assert reseeds(0) == 0
        clock[0] = full.last_reseed + full.reseed_interval
        assert reseeds(0) == 0
        full._forget_last_reseed()
        assert full.last_reseed is None and reseeds(0) == 1
        clock[0] += 10
        before = full.reseed_count
        full.random_data(1)  # pool 0 is empty
        assert full.reseed_count == before

    def test_a_clock_that_goes_back(self, full, clock):
        full.random_data(1)
        clock[0] -= 50
        with pytest.warns(ClockRewindWarning, match=r"^Clock rewind detected\. Resetting last_reseed\.$"):
            full.random_data(1)
        assert full.last_reseed is None
        full.pools[0].append(bytes(64))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            full.random_data(1)
        assert (full.reseed_count, full.last_reseed) == (2, 950.0)

    @pytest.mark.parametrize("args", [(-1, 0, b"x"), (256, 0, b"x"), (0, -1, b"x"), (0, 32, b"x"), (0, 0, b""), (0, 0, b"x" * 33)], ids=str)
    def test_refused_events(self, args):
        made = accumulator.FortunaAccumulator()
        failed_assertion(None, made.add_random_event, *args)
        assert not any(pool.length for pool in made.pools)

    @pytest.mark.parametrize("args", [("1", 0, b"x"), (0, "1", b"x"), (1.5, 0, b"x"), (0, 1.5, b"x"), (0, 0, "x"), (0, 0, 1), (0, 0, None)], ids=str)
    def test_events_of_wrong_types(self, args):
        made = accumulator.FortunaAccumulator()
        with pytest.raises(TypeError):
            made.add_random_event(*args)
        assert not any(pool.length for pool in made.pools)

    @pytest.mark.parametrize("source, pool, data", [(0, 0, b"x"), (255, 31, b"y" * 32), (7, 3, bytearray(b"zz"))])
    def test_an_event_has_two_bytes_before_it(self, source, pool, data):
        made = accumulator.FortunaAccumulator()
        made.add_random_event(source, pool, data)
        assert made.pools[pool].digest() == shad256(bytes([source, len(data)]) + data)
        assert made.pools[pool].length == 2 + len(data)


def test_docstrings():
    for thing in (accumulator, FortunaGenerator, SHAd256):
        assert thing.__doc__
        for name in thing.__all__:
            assert inspect.getdoc(getattr(thing, name))


@pytest.mark.parametrize("thing", ["SHAd256.new()", "FortunaGenerator.AESGenerator()", "FortunaAccumulator.FortunaAccumulator()"])
def test_no_pickle_of_secrets(thing):
    made = eval(thing, {"SHAd256": SHAd256, "FortunaGenerator": FortunaGenerator, "FortunaAccumulator": accumulator})
    with pytest.raises(TypeError):
        pickle.dumps(made)


def test_in_a_forked_child(python):
    """The objects belong to the program: a child finds them unchanged, and starts its own core for them."""
    python(PROGRAMS / "pycrypto_fortuna_child.py")


@pytest.mark.native("core, with which this could differ")
@pytest.mark.skipif(os.environ.get("GORANDOM_START") == "never", reason="this is such a process")
def test_without_a_core(python):
    """Run all of this file again in a process without a core. Guards that a vector is right in both modes."""
    out = python(
        "import sys, pytest, gorandom\nstatus = pytest.main(sys.argv[1:])\n"
        "assert gorandom.status().reason == 'start is \"never\"'\nsys.exit(status)",
        "-q", "-p", "no:cacheprovider", __file__, start="never", timeout=600, env={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert " passed" in out and "failed" not in out
