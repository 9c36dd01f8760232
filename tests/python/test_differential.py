"""Whatever the arguments, gorandom's secrets and SystemRandom answer as the standard library's do: with a result of the
same kind and size, or the same exception and message. They accept and refuse the same. (test_numbers.py checks that the
same bytes give the same results.)

(test_api_arguments.py has os.urandom. PyCrypto can't be called in any current interpreter, so test_pycrypto_*.py quote
its messages.)
"""

import copy
import decimal
import fractions
import random
import secrets
import warnings

import pytest
from conftest import PURE
from hypothesis import given, settings
from hypothesis import strategies as st

import gorandom
from gorandom import secrets as our_secrets


class Index:
    """An integer only for functions that ask for __index__."""

    def __init__(self, value):
        self._value = value

    def __index__(self):
        if self._value is None:
            raise ZeroDivisionError("from __index__")
        return self._value

    def __repr__(self):
        return f"Index({self._value})"


# Some machines grant sizes between 1000 and 2**62. Python's getrandbits() also accepts fractions as sizes.
INTEGERS = st.one_of(st.integers(-2, 1000), st.integers(max_value=-1), st.integers(min_value=1 << 62, max_value=1 << 80))
VALUES = st.one_of(
    INTEGERS, INTEGERS.map(Index), st.just(Index(None)), st.booleans(), st.none(), st.floats(), st.complex_numbers(),
    st.text(max_size=5), st.binary(max_size=5), st.binary(max_size=5).map(bytearray), st.lists(st.integers(), max_size=5),
    st.lists(st.integers(), max_size=3).map(tuple), st.sets(st.integers(), max_size=3), st.just({}),
    st.integers(-3, 9).map(range), st.fractions(-1000, 1000), st.decimals(-1000, 1000), st.just(int), st.just(1.0),
)  # fmt: skip
KEYWORDS = st.dictionaries(st.sampled_from(["n", "k", "nbytes", "seq", "x", "a", "exclusive_upper_bound", "size"]), VALUES, max_size=1)

# Excluded are methods that a size only makes run for ever (choices, where k is one), and those that random.Random computes
# from random() alone.
METHODS = ["random", "getrandbits", "randbytes", "randrange", "randint", "choice", "sample", "shuffle", "uniform", "seed"]
FUNCTIONS = ["randbelow", "randbits", "choice", "token_bytes", "token_hex", "token_urlsafe"]
if not PURE:
    FUNCTIONS.append("compare_digest")  # a Python function words a wrong number of arguments differently


def kind(value):
    """Return what does not depend on the bytes."""
    if isinstance(value, (str, bytes, bytearray, list, tuple)):
        return type(value), len(value)
    return type(value)


def contents(values):
    """Return the arguments, without the order of items that a shuffle has moved."""
    return [(type(v), sorted(map(repr, v)) if isinstance(v, (list, bytearray)) else repr(v)) for v in values]


def outcome(function, args, kwargs):
    """Return the result's kind and what became of the arguments, or the error."""
    args, kwargs = copy.deepcopy((args, kwargs))
    try:
        return kind(function(*args, **kwargs)), contents(args), contents(kwargs.values())
    except Exception as error:
        text = str(error)
        for module in ("posix.", "gorandom.", "_hashlib.", "_operator._"):
            text = text.replace(module, "")
        return type(error), text


def same(ours, theirs, args, kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert outcome(ours, args, kwargs) == outcome(theirs, args, kwargs)


@settings(deadline=None, database=None, max_examples=150)
@given(st.lists(VALUES, max_size=3), KEYWORDS)
@pytest.mark.parametrize("name", METHODS)
def test_systemrandom(name, args, kwargs):
    same(getattr(gorandom.SystemRandom(), name), getattr(random.SystemRandom(), name), args, kwargs)


@settings(deadline=None, database=None, max_examples=150)
@given(st.lists(VALUES, max_size=2), KEYWORDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_secrets(name, args, kwargs):
    same(getattr(our_secrets, name), getattr(secrets, name), args, kwargs)


def test_the_comparison_compares():
    """It notices a difference."""
    same(our_secrets.token_hex, secrets.token_hex, [20], {})
    same(gorandom.SystemRandom().shuffle, random.SystemRandom().shuffle, [list(range(50))], {})
    for ours, args in ((lambda n: our_secrets.token_hex(n)[:-1], [20]), (our_secrets.token_hex, ["x"])):
        with pytest.raises(AssertionError):
            same(ours, secrets.token_hex if args == [20] else secrets.randbits, args, {})


def test_the_values_hold_what_is_refused():
    """fractions, decimals and Index are tried explicitly, in case hypothesis does not find them."""
    for value in (fractions.Fraction(3), decimal.Decimal(3), Index(3), Index(None), Index(-1), True, 1.0, float("nan"), None, ""):
        for name in FUNCTIONS:
            for args in ([value], [value, value]):
                same(getattr(our_secrets, name), getattr(secrets, name), args, {})
        for name in METHODS:
            for args in ([value], [value, value], [1, value], [1, 9, value], [[1, 2, 3], value]):
                same(getattr(gorandom.SystemRandom(), name), getattr(random.SystemRandom(), name), args, {})


def test_compare_digest_of_odd_buffers():
    """The content decides, not what a subclass says about it. A buffer with gaps is refused."""

    class Always(bytes):
        def __eq__(self, other):
            return True

    class Never(str):
        def __eq__(self, other):
            return False

    assert our_secrets.compare_digest(Always(b"a"), b"b") is False and our_secrets.compare_digest(Never("a"), "a") is True
    gaps = memoryview(b"abcdef")[::2]
    for args in ((gaps, b"ace"), (b"ace", gaps)):
        with pytest.raises(BufferError) as theirs:
            secrets.compare_digest(*args)
        with pytest.raises(BufferError) as ours:
            our_secrets.compare_digest(*args)
        assert str(ours.value) == str(theirs.value)
