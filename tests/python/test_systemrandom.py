"""gorandom.SystemRandom compared with random.SystemRandom: the same numbers from the same bytes, the same errors."""

import copy
import os
import pickle
import random
import threading

import pytest
from _forks import PROGRAMS
from hypothesis import given, settings
from hypothesis import strategies as st

import gorandom
from gorandom import _systemrandom, secrets


class InPython(gorandom.SystemRandom):
    """The Python methods that C calls for rare cases. Tests can give them bytes. test_numbers.py tests C's."""

    locals().update(_systemrandom.PYTHON)


ours, in_python = gorandom.SystemRandom(), InPython()
theirs = random.SystemRandom()

NO_INTEGERS = [1.0, "1", b"1", None, [], {}, 1j, object()]


def outcome(function, *args, **kwargs):
    with pytest.raises(BaseException) as caught:
        function(*args, **kwargs)
    return caught.type, str(caught.value)


@pytest.fixture
def same_bytes(monkeypatch):
    """same_bytes(data) makes theirs and in_python read it."""

    def feed(data):
        for place, name, wrap in ((random, "_urandom", lambda f: f), (InPython, "_bytes", staticmethod)):
            rest = bytearray(data)

            def draw(n, rest=rest):
                taken = bytes(rest[:n])
                assert len(taken) == n, "wants more than it was given"
                del rest[:n]
                return taken

            monkeypatch.setattr(place, name, wrap(draw))

    return feed


def test_names():
    assert gorandom.SystemRandom is _systemrandom.SystemRandom
    assert gorandom.SystemRandom.__bases__[0] is random.SystemRandom
    for name in ("random", "getrandbits", "randbytes", "gauss", "seed", "getstate", "setstate"):
        assert name in vars(gorandom.SystemRandom) and getattr(gorandom.SystemRandom, name).__doc__


@pytest.mark.parametrize("data", [bytes(7), b"\xff" * 7, bytes(range(7)), b"\x00\x00\x00\x00\x00\x00\x08", b"\x80" + bytes(6)])
def test_random_from_given_bytes(same_bytes, data):
    same_bytes(data)
    drawn = in_python.random()
    assert drawn == theirs.random() and 0.0 <= drawn < 1.0


def test_random_has_53_bits(same_bytes):
    same_bytes(b"\xff" * 7 + bytes(6) + b"\x07" + bytes(6) + b"\x08")
    assert [in_python.random() for _ in range(3)] == [1.0 - 2.0**-53, 0.0, 2.0**-53]


@pytest.mark.parametrize("k", [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 1000])
def test_getrandbits_keeps_the_high_bits(same_bytes, k):
    size = (k + 7) // 8
    data = gorandom.urandom(size)
    same_bytes(data)
    drawn = in_python.getrandbits(k)
    assert drawn == theirs.getrandbits(k) == int.from_bytes(data, "big") // 2 ** (8 * size - k)
    assert 0 <= drawn < 2**k


METHODS = [
    lambda r: r.randrange(10), lambda r: r.randrange(5, 10**30, 7), lambda r: r.randint(-5, 5), lambda r: r.choice("abcde"),
    lambda r: r.choices(range(9), k=5), lambda r: r.sample(range(100), 10), lambda r: r.uniform(1, 2),
    lambda r: r.triangular(), lambda r: r.betavariate(1, 2), lambda r: r.expovariate(3), lambda r: r.gammavariate(2, 3),
    lambda r: r.gauss(), lambda r: r.gauss(3, sigma=2), lambda r: r.lognormvariate(0, 1), lambda r: r.normalvariate(0, 1),
    lambda r: r.vonmisesvariate(0, 4), lambda r: r.paretovariate(2), lambda r: r.weibullvariate(1, 2),
    lambda r: r.randbytes(17), lambda r: (x := list(range(20)), r.shuffle(x))[0], lambda r: r.getrandbits(77), lambda r: r.random(),
    *([lambda r: r.binomialvariate(10, 0.3)] if hasattr(random.Random, "binomialvariate") else []),
]  # fmt: skip


def test_the_methods_of_random(same_bytes):
    """What random.Random builds on them gives the same from the same bytes."""
    data = gorandom.urandom(20_000)
    for draw in METHODS:
        same_bytes(data)
        theirs.gauss_next = None
        assert draw(in_python) == draw(theirs)


def test_no_second_number_is_kept(same_bytes):
    """No method leaves a number in the object for its next call. Guards SystemRandom.gauss: random.Random's makes two at a
    time and keeps one, which a forked child would give too. A number that a program has put there is not used either."""
    for draw in METHODS:
        draw(ours)
    assert vars(ours) == {"gauss_next": None}
    same_bytes(bytes(range(28)))
    in_python.gauss_next = 100.0
    drawn = [in_python.gauss(), in_python.gauss()]
    assert in_python.gauss_next == 100.0
    same_bytes(bytes(range(28)))
    for number in drawn:
        theirs.gauss_next = None
        assert number == theirs.gauss()


@pytest.mark.cpython("its own functions word errors in another way")
@pytest.mark.parametrize("method", ["getrandbits", "randbytes", "randrange", "choice", "sample", "choices"])
@pytest.mark.parametrize("bad", [*NO_INTEGERS, -1], ids=repr)
def test_bad_arguments(method, bad):
    try:
        getattr(theirs, method)(bad)
    except Exception as error:
        assert outcome(getattr(ours, method), bad) == (type(error), str(error).replace("posix.", ""))
    else:
        getattr(ours, method)(bad)


@pytest.mark.cpython("its own functions word errors in another way")
@settings(deadline=None, database=None, max_examples=200)
@given(st.one_of(st.integers(max_value=-1), st.floats(), st.text(), st.none(), st.binary()))
def test_getrandbits_whatever_it_is(bad):
    assert outcome(ours.getrandbits, bad) == outcome(theirs.getrandbits, bad)


def test_negative():
    assert outcome(ours.getrandbits, -1) == (ValueError, "number of bits must be non-negative")
    assert outcome(ours.randbytes, -1) == outcome(os.urandom, -1)


@pytest.mark.parametrize("args", [(), (1,), ([],), (1, 2, 3), (None,)])
def test_seed_does_nothing(args):
    generator = gorandom.SystemRandom()
    generator.gauss_next = 1.5
    assert generator.seed(*args) is None and generator.seed(a=1, version=2) is None
    assert generator.gauss_next == 1.5
    generator.seed(7)
    first = generator.getrandbits(128)
    generator.seed(7)
    assert generator.getrandbits(128) != first


def test_constructor_takes_a_seed():
    assert gorandom.SystemRandom(1).getrandbits(128) != gorandom.SystemRandom(1).getrandbits(128)
    assert gorandom.SystemRandom().gauss_next is None


@pytest.mark.parametrize("args, kwargs", [(({},), {}), (([],), {}), ((1, 2), {}), ((), {"seed": 1}), ((), {"x": 1})])
def test_constructor_as_the_stdlibs(args, kwargs):
    """What it refuses depends on Python's version."""

    def ends(kind):
        try:
            return kind(*args, **kwargs) is not None
        except Exception as error:
            return type(error), str(error)

    assert ends(gorandom.SystemRandom) == ends(random.SystemRandom)


NO_STATE = (
    NotImplementedError,
    "System entropy source does not have state. Share this object, or make another where it is needed.",
)


@pytest.mark.parametrize("args", [(), (None,), (1, 2)])
def test_no_state(args):
    assert outcome(ours.getstate, *args) == outcome(ours.setstate, *args) == NO_STATE
    kind, message = outcome(theirs.getstate, *args)
    assert kind is NotImplementedError and NO_STATE[1].startswith(message) and "make another" in NO_STATE[1]


def test_cannot_be_pickled_or_copied():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert outcome(pickle.dumps, ours, protocol) == NO_STATE
    assert outcome(copy.copy, ours) == outcome(copy.deepcopy, ours) == NO_STATE
    assert pickle.loads(pickle.dumps(gorandom.SystemRandom)) is gorandom.SystemRandom


def test_counts_as_the_systems():
    """Programs recognise generators that cannot be seeded by this class: they share those and copy the others."""
    for generator in (ours, secrets.SystemRandom(), secrets._random):
        assert isinstance(generator, random.SystemRandom)


def test_nothing_is_drawn_from_the_system(monkeypatch):
    """Guards that each of random.SystemRandom's own methods is replaced, so that none draws from the system directly."""

    def refuse(*args):
        raise AssertionError("the standard library's source was asked")

    for source in (random, os):
        monkeypatch.setattr(source, "_urandom" if source is random else "urandom", refuse)
    for draw in METHODS:
        draw(gorandom.SystemRandom())
    assert vars(random.SystemRandom).keys() - vars(gorandom.SystemRandom).keys() - {"__firstlineno__", "__static_attributes__"} \
        == {"_notimplemented"}  # fmt: skip


@pytest.mark.parametrize("replaced", ["random", "getrandbits", "randbytes", "_randbelow", "randrange"])
def test_replaced_methods_are_asked(replaced):
    """As in a subclass of random.SystemRandom, for a class and for one object."""

    def ends(kind, where):
        asked = []

        def method(self, *args, **kwargs):
            asked.append(replaced)
            return getattr(kind, replaced)(self, *args, **kwargs)

        made = type("Sub", (kind,), {replaced: method} if where == "class" else {})()
        if where == "object":
            setattr(made, replaced, lambda *args, **kwargs: method(made, *args, **kwargs))
        drawn = {}
        for number, draw in enumerate(METHODS):
            asked.clear()
            made.gauss_next = None  # only the standard library's has it
            draw(made)
            drawn[number] = bool(asked)
        return drawn

    for where in ("class", "object"):
        assert ends(gorandom.SystemRandom, where) == ends(random.SystemRandom, where)


def test_threads_and_subclasses():
    class Half(gorandom.SystemRandom):
        def random(self):
            return super().random() / 2

    assert max(Half().random() for _ in range(500)) < 0.5
    drawn = []
    threads = [threading.Thread(target=lambda: drawn.extend(ours.getrandbits(128) for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 2000


def test_forked_children_differ(python, start_mode):
    """Guards SystemRandom.gauss too: if the object kept a second number, parent and child would both give it."""
    assert python(PROGRAMS / "systemrandom_forks.py", start=start_mode).strip() == "82"
