"""gorandom._fortuna: Fortuna's generator in Python. It is compared with the core's, where there is one, and everywhere with
the vectors of FIPS 197 and SP 800-38A. test_pycrypto_fortuna.py has PyCrypto's vectors, by PyCrypto's classes."""

import pytest
from _forks import PROGRAMS
from gorandom._cli import selftest
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gorandom import _fortuna, _front

needs_core = pytest.mark.skipif(not _front.start(), reason="no core can be had here: " + _front.state()["reason"])

COUNTERS = st.one_of(
    st.integers(0, 2**128 - 1),
    st.integers(-40, 40).map(lambda n: n % 2**128),
    st.integers(-40, 40).map(lambda n: 2**64 + n),
)


@pytest.mark.parametrize("key, block, output", selftest.AES_BLOCKS)
@pytest.mark.parametrize("before", [0, 1, 7, 8, 9, 100, 2047, 2048, 2049])
def test_vectors(key, block, output, before):
    """Each vector's block comes last in a run: in every lane, in a lane's middle, and after a full pass."""
    counter = int.from_bytes(bytes.fromhex(block), "little") - before
    stream = _fortuna.keystream(bytes.fromhex(key), counter % 2**128, before + 1)
    assert stream[16 * before :].hex() == output


@needs_core
@settings(deadline=None, max_examples=60)
@given(st.binary(min_size=32, max_size=32), COUNTERS, st.integers(0, 100))
@example(bytes(32), 2**128 - 5, 20)
@example(bytes(32), 2**64 - 5, 20)
@example(b"\xff" * 32, 0, 4100)
def test_keystream_is_the_cores(key, counter, blocks):
    made = _front.keystream("generic", key, counter.to_bytes(16, "little"), 16 * blocks)
    assert _fortuna.keystream(key, counter, blocks) == made


USES = st.one_of(
    st.tuples(st.just("reseed"), st.one_of(st.binary(max_size=200), st.binary(max_size=40).map(bytearray))),
    st.tuples(st.sampled_from(["data", "request"]), st.integers(0, 300)),
    st.tuples(st.just("step"), st.none()),
)


@needs_core
@settings(deadline=None, max_examples=60)
@given(st.lists(USES, max_size=12))
def test_generator_is_the_cores(uses):
    """The same calls in any order give the same output, key, counter and errors."""
    core, python = FortunaGenerator.AESGenerator(), _fortuna.Generator()
    for use, argument in uses:
        if use == "reseed":
            core.reseed(argument)
            python.reseed(argument)
        elif use == "step":
            core.counter()
            python.counter += 1
        else:
            try:
                expected = (core.pseudo_random_data if use == "data" else core._pseudo_random_data)(argument)
            except AssertionError as refusal:
                with pytest.raises(AssertionError, match=f"^{refusal}$"):
                    getattr(python, use)(argument)
            else:
                assert getattr(python, use)(argument) == expected
        assert (python.key, python.counter) == (core.key, core.counter.next_value())


@pytest.mark.parametrize("use, argument, counter", [("reseed", b"", 0), ("request", 1, 2), ("data", 1, 2)])
def test_the_counter_wraps(use, argument, counter):
    """At 2^128, as in the core: the counter has 16 bytes."""
    generator = _fortuna.Generator(bytes(32), 2**128 - 1)
    getattr(generator, use)(argument)
    assert generator.counter == counter


@needs_core
def test_objects_outlive_the_mode(python):
    """A generator made without a core is used with a core that starts later. One made with a core is used in a child without
    one, and back. Guards that the stream continues, and that no part of it comes twice."""
    python(PROGRAMS / "fortuna_modes.py", start="never")


def test_in_python_alone(python):
    """In a process without a core only one thread at a time may use an object, and a failed call leaves it unchanged."""
    python(PROGRAMS / "fortuna_never.py", start="never")
