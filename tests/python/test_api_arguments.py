"""Wrong arguments raise the exception and message of the replaced function. The stream is unharmed."""

import inspect
import os
import pickle
import sys

import pytest
from _forks import PROGRAMS
from hypothesis import given, settings
from hypothesis import strategies as st

import gorandom

PUBLIC = ["new", "RNGFile", "atfork", "get_random_bytes", "urandom", "wait_for_system_rng", "fill", "reseed", "add_event",
          "compare_digest", "configure", "status", "Status", "install_as_crypto", "SystemRandom", "uuid4", "uuid7", "uuid7_time"]  # fmt: skip


class Raises:
    def __index__(self):
        raise ZeroDivisionError("from __index__")


class NoInt:
    def __index__(self):
        return "7"


# Sizes that no allocator grants, and invalid sizes. Sizes between them might be granted by overcommit.
TOO_LARGE = [1 << 62, sys.maxsize - 64, sys.maxsize - 32, sys.maxsize, sys.maxsize + 1, 1 << 64, 1 << 70, 10**1000]
NEGATIVE = [-1, -2, -(1 << 31), -sys.maxsize, -sys.maxsize - 1]
NO_INTEGERS = [1.0, "1", b"1", None, [], (), {}, 1j, object(), float("nan"), int]


def outcome(function, *args, **kwargs):
    """Return the exception's type and message, without the module name that CPython writes before a method's."""
    with pytest.raises(BaseException) as caught:
        function(*args, **kwargs)
    return caught.type, str(caught.value).replace("posix.", "").replace("gorandom.", "")


@pytest.fixture(autouse=True)
def stream_unharmed():
    """After whatever a test did, draws of every kind still give bytes that never came before."""
    before = {gorandom.get_random_bytes(16), gorandom.get_random_bytes(2000)[:16]}
    yield
    after = {gorandom.get_random_bytes(16), gorandom.urandom(16), gorandom.get_random_bytes(2000)[:16]}
    assert len(before | after) == 5 and bytes(16) not in before | after


def test_public_names():
    assert sorted(gorandom.__all__) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(gorandom, name) is not None
    assert isinstance(gorandom.__version__, str) and gorandom.__version__[0].isdigit()
    namespace = {}
    exec("from gorandom import *", namespace)
    assert set(PUBLIC) <= set(namespace)
    with pytest.raises(AttributeError, match="^module 'gorandom' has no attribute 'nothing'$"):
        gorandom.nothing


@pytest.mark.parametrize("name", PUBLIC)
def test_has_a_docstring(name):
    assert inspect.getdoc(getattr(gorandom, name))


@pytest.mark.cpython("its own functions word errors in another way")
@pytest.mark.parametrize("bad", TOO_LARGE + NEGATIVE + [-(1 << 70)] + NO_INTEGERS + [Raises(), NoInt()], ids=repr)
def test_urandom_as_os_urandom(bad):
    assert outcome(gorandom.urandom, bad) == outcome(os.urandom, bad)


@pytest.mark.native("function in C, which words a wrong number of arguments in another way")
@pytest.mark.cpython("its own functions word errors in another way")
@pytest.mark.parametrize("args, kwargs", [((), {}), ((1, 2), {}), ((), {"n": 1}), ((), {"size": 1}), ((1,), {"n": 1})])
def test_urandom_is_called_as_os_urandom(args, kwargs):
    assert outcome(gorandom.urandom, *args, **kwargs) == outcome(os.urandom, *args, **kwargs)


@pytest.mark.cpython("its own functions word errors in another way")
@settings(deadline=None, database=None, max_examples=200)
@given(st.one_of(st.none(), st.text(), st.binary(), st.floats(), st.complex_numbers(), st.lists(st.integers()),
                 st.integers(max_value=-1), st.integers(min_value=1 << 62)))  # fmt: skip
def test_urandom_as_os_urandom_whatever_it_is(bad):
    assert outcome(gorandom.urandom, bad) == outcome(os.urandom, bad)


@pytest.mark.parametrize("draw", [gorandom.get_random_bytes, gorandom.new().read], ids=["get_random_bytes", "read"])
class TestAsPyCrypto:
    @pytest.mark.parametrize("bad", NO_INTEGERS + [Raises(), NoInt()], ids=repr)
    def test_no_integer(self, draw, bad):
        assert outcome(draw, bad) == (TypeError, "an integer is required")

    @pytest.mark.parametrize("n", NEGATIVE + [-(1 << 70), -(10**1000)], ids=hex)
    def test_negative(self, draw, n):
        assert outcome(draw, n) == (ValueError, "cannot read to end of infinite stream")

    @pytest.mark.parametrize("n", TOO_LARGE, ids=hex)
    def test_too_large(self, draw, n):
        """PyCrypto had no limit of its own: the errors are the allocator's, like os.urandom's. PyPy words one differently."""
        ours, theirs = outcome(draw, n), outcome(os.urandom, n)
        assert ours == theirs or (sys.implementation.name == "pypy" and ours[0] is theirs[0])


@pytest.mark.parametrize("args, kwargs", [((), {}), ((1, 2), {}), ((), {"m": 1}), ((1,), {"n": 1}), ((), {"n": 1, "m": 1})])
def test_get_random_bytes_is_called_with_one_argument(args, kwargs):
    kind, text = outcome(gorandom.get_random_bytes, *args, **kwargs)
    assert kind is TypeError and text.startswith("get_random_bytes() ")


@pytest.mark.parametrize(
    "call",
    [
        lambda: gorandom.new(1),
        lambda: gorandom.new(a=1),
        lambda: gorandom.RNGFile(1),
        lambda: gorandom.atfork(1),
        lambda: gorandom.reseed(1),
        lambda: gorandom.status(1),
        lambda: gorandom.fill(),
        lambda: gorandom.fill(bytearray(1), 1),
        lambda: gorandom.add_event(),
        lambda: gorandom.install_as_crypto(1),
    ],
)
def test_wrong_number_of_arguments(call):
    assert outcome(call)[0] is TypeError


def test_atfork_and_reseed_return_nothing():
    assert gorandom.atfork() is None
    assert gorandom.reseed() is None


@pytest.mark.parametrize("name", ["atfork", "new", "get_random_bytes", "urandom", "RNGFile"])
def test_pickles_by_name(name):
    """An initializer of a Pool, or a callable passed to a worker, is pickled."""
    function = getattr(gorandom, name)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(function, protocol)) is function


def test_atfork_pickles_as_gorandom_atfork():
    assert b"gorandom" in pickle.dumps(gorandom.atfork, 0) and gorandom.atfork.__module__ == "gorandom"


def test_index_that_draws_itself():
    class Index:
        def __index__(self):
            self.inner = gorandom.get_random_bytes(16)
            return 16

    size = Index()
    assert gorandom.urandom(size) != size.inner


@pytest.mark.parametrize("function", ["urandom", "add_event"])
def test_index_that_forks(python, start_mode, function):
    """Guards: arguments are parsed before anything of a draw happens. Otherwise a pool would be fetched, or a gate entered,
    before __index__ ran, and the child would use it as its own."""
    python(PROGRAMS / "arguments_index_forks.py", function, start=start_mode)


class TestWaitForSystemRng:
    @pytest.mark.parametrize("timeout", [None, 0, 0.0, -0.0, 0.5, 5, 1e300, float("inf"), True])
    def test_returns_at_once(self, timeout):
        assert gorandom.wait_for_system_rng() is None
        assert gorandom.wait_for_system_rng(timeout) is None
        assert gorandom.wait_for_system_rng(timeout=timeout) is None
        assert gorandom.status().ready

    @pytest.mark.parametrize("timeout", [-1, -0.001, float("nan"), float("-inf")])
    def test_no_time(self, timeout):
        assert outcome(gorandom.wait_for_system_rng, timeout) == (ValueError, "timeout must be non-negative")

    @pytest.mark.parametrize("timeout", ["1", b"1", [], 1j, object()], ids=repr)
    def test_no_number(self, timeout):
        assert outcome(gorandom.wait_for_system_rng, timeout)[0] is TypeError
