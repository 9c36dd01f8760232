"""The front in Python (pyext/front/front.py) answers as the extension module does.

Most tests here compare the two, so they run where the extension module is installed. They import the package a second
time, with the other front. The end of this file tests what a pure installation does by itself, and so do the other files
that tests/run.py runs on a pure-Python wheel.
"""

import array
import ctypes
import gc
import importlib
import os
import pickle
import shutil
import sys
import types

import pytest
from _forks import PROGRAMS, linux, run, scripted
from conftest import PURE, SOURCE
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256
from hypothesis import given, settings
from hypothesis import strategies as st
from test_differential import FUNCTIONS, KEYWORDS, METHODS, VALUES, Index, outcome

import gorandom
from gorandom import SystemRandom, hmac, random, secrets, uuid4, uuid7

FRONT = SOURCE / "pyext" / "front" / "front.py"
NATIVE = types.SimpleNamespace(
    top=gorandom, hmac=hmac, random=random, secrets=secrets, uuid4=uuid4, uuid7=uuid7, fortuna=FortunaGenerator, shad=SHAd256
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder with this package and the front in Python, without any library."""
    folder = tmp_path_factory.mktemp("pure")
    ignored = shutil.ignore_patterns("__pycache__", "*.so", "_front.py")
    shutil.copytree(os.path.dirname(gorandom.__file__), folder / "gorandom", ignore=ignored)
    shutil.copyfile(FRONT if FRONT.exists() else gorandom._front.__file__, folder / "gorandom" / "_front.py")
    return folder


@pytest.fixture(scope="module")
def pure(site):
    """Return NATIVE's modules over the front in Python. Afterwards the tests' own modules are back."""
    if PURE:
        pytest.skip("needs the extension module _front, to compare with it: this installation is in pure Python")

    def taken():
        return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "gorandom"}

    own = taken()
    sys.path.insert(0, str(site))
    try:
        top = importlib.import_module("gorandom")
        modules = {name: importlib.import_module("gorandom." + name) for name in ("hmac", "random", "secrets")}
        fortuna = importlib.import_module("gorandom.compat.pycrypto.Random.Fortuna.FortunaGenerator")
        shad = importlib.import_module("gorandom.compat.pycrypto.Random.Fortuna.SHAd256")
        found = types.SimpleNamespace(top=top, fortuna=fortuna, shad=shad, uuid4=top.uuid4, uuid7=top.uuid7, **modules)
        assert top.SystemRandom is not SystemRandom and top.status().mode == "system"
    finally:
        sys.path.remove(str(site))
        taken()
        sys.modules.update(own)
    assert found.top._front.__file__ == str(site / "gorandom" / "_front.py")
    return found


def same(pure, call, *args, **kwargs):
    """Check for a result of the same kind and size and the same effect on the arguments, or the same exception and message."""
    results = [outcome(lambda *a, modules=modules, **k: call(modules, *a, **k), args, kwargs) for modules in (pure, NATIVE)]
    assert results[0] == results[1]


BUFFERS = [
    lambda: bytearray(9),
    lambda: bytearray(),
    lambda: array.array("d", [0.0] * 5),
    lambda: (ctypes.c_int * 4)(),
    lambda: memoryview(bytearray(24)).cast("B", (2, 3, 4)),
    lambda: memoryview(bytearray(8))[1:7],
    lambda: memoryview(bytearray(8))[::2],
    lambda: memoryview(bytearray(8))[::-1],
    lambda: memoryview(bytes(8)),
    lambda: memoryview(bytes(8))[::2],
    lambda: b"bytes",
    lambda: "text",
    lambda: 5,
    lambda: None,
]

# Functions of one value that the extension module implements itself. All others are the same Python code.
ONE = {
    "get_random_bytes": lambda m, v: m.top.get_random_bytes(v),
    "get_random_bytes n": lambda m, v: m.top.get_random_bytes(n=v),
    "urandom": lambda m, v: m.top.urandom(v),
    "fill": lambda m, v: m.top.fill(bytearray(v) if type(v) is bytearray else v),
    "read": lambda m, v: m.top.new().read(v),
    "wait": lambda m, v: m.top.wait_for_system_rng(v),
    "configure": lambda m, v: m.top.configure(start=v),
    "add_event": lambda m, v: m.top.add_event(v),
    "uuid7": lambda m, v: m.uuid7(timestamp=v),
    "uuid4": lambda m, v: m.uuid4(v),
    "uuid7 positional": lambda m, v: m.uuid7(v),
    "hmac.digest": lambda m, v: m.hmac.digest(b"key", v, "sha256"),
    "hmac.digest by": lambda m, v: m.hmac.digest(b"key", b"message", v),
    "hmac.new": lambda m, v: m.hmac.new(v, b"message", "sha512").digest(),
    "Key": lambda m, v: m.hmac.Key(v, "sha1").digest(b"message"),
    "Key.digest": lambda m, v: m.hmac.Key(b"key", "sha256").digest(v),
    "Key.digests": lambda m, v: m.hmac.Key(b"key", "sha256").digests(v),
    "Key.verify": lambda m, v: m.hmac.Key(b"key", "sha256").verify(v, b""),
    "Key.verify tag": lambda m, v: m.hmac.Key(b"key", "sha256").verify(b"message", v),
    "SHAd256": lambda m, v: m.shad.new(v).digest(),
    "reseed": lambda m, v: seeded(m).reseed(v),
    "pseudo_random_data": lambda m, v: seeded(m).pseudo_random_data(v % 1000 if type(v) is int else v),
}


def seeded(modules):
    generator = modules.fortuna.AESGenerator()
    generator.reseed(b"seed")
    return generator


@pytest.mark.once
@settings(deadline=None, database=None, max_examples=60)
@given(VALUES)
@pytest.mark.parametrize("name", ONE)
def test_one_value(pure, name, value):
    if name == "hmac.digest by" and isinstance(value, (int, Index)):
        return  # an int's .new: its AttributeError is the standard library's
    same(pure, ONE[name], value)


@pytest.mark.parametrize("make", BUFFERS)
@pytest.mark.parametrize("name", ["fill", "add_event", "hmac.digest", "Key", "Key.digest", "Key.verify tag", "SHAd256"])
def test_buffers(pure, name, make):
    def result(modules):
        buffer = make()
        try:
            made = modules.top.fill(buffer) if name == "fill" else ONE[name](modules, buffer)
        except Exception as error:
            return type(error), str(error)
        return made if isinstance(made, bytes) else type(made)

    assert result(pure) == result(NATIVE)


def test_fill_fills(pure):
    for make in BUFFERS[:6]:
        buffer = make()
        pure.top.fill(buffer)
        filled = memoryview(buffer).tobytes()
        assert len(filled) < 6 or filled != bytes(len(filled))


@pytest.mark.once
@settings(deadline=None, database=None, max_examples=100)
@given(VALUES, VALUES)
def test_compare_digest(pure, a, b):
    same(pure, lambda m, a, b: m.top.compare_digest(a, b), a, b)
    same(pure, lambda m, a, b: m.top.compare_digest(a, a) and m.top.compare_digest(b, b), a, b)
    if not isinstance(b, (int, Index)) or abs(getattr(b, "_value", b) or 0) < 1 << 31:  # a C int; else the errors differ
        same(pure, lambda m, a, b: m.top.add_event(a, b), a, b)


@pytest.mark.once
@settings(deadline=None, database=None, max_examples=60)
@given(st.lists(VALUES, max_size=3), KEYWORDS)
@pytest.mark.parametrize("name", METHODS + [name for name in FUNCTIONS if name != "compare_digest"] + ["getrandbits", "sample"])
def test_numbers(pure, name, args, kwargs):
    """For SystemRandom, secrets and random, where they have the function."""
    if name in METHODS:
        same(pure, lambda m, *a, **k: getattr(m.top.SystemRandom(), name)(*a, **k), *args, **kwargs)
    for family in ("secrets", "random"):
        if hasattr(getattr(gorandom, family), name):
            same(pure, lambda m, *a, **k: getattr(getattr(m, family), name)(*a, **k), *args, **kwargs)


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "sha512", "sha3_256", "blake2s"])
@pytest.mark.parametrize("size", [0, 1, 64, 65, 1000])
def test_the_same_tags(pure, algorithm, size):
    key, message = bytes(range(1, 251))[:size], bytes(size)
    tag = NATIVE.hmac.digest(key, message, algorithm)
    for modules in (pure, NATIVE):
        made = modules.hmac.Key(key, algorithm)
        assert modules.hmac.digest(key, message, algorithm) == modules.hmac.new(key, message, algorithm).digest() == tag
        assert made.digest(message) == tag and made.digests([message, bytearray(message)]) == [tag, tag]
        assert (made.name, made.digest_size) == (f"hmac-{algorithm}", len(tag)) and made.verify(message, tag) is None
    assert pure.hmac.Key(key, algorithm).block_size == NATIVE.hmac.Key(key, algorithm).block_size
    assert "key" not in repr(pure.hmac.Key(b"key", algorithm)).lower().replace("hmac.key", "")


def test_keys_are_erased(pure):
    made = pure.hmac.Key(b"a secret word", "sha256")
    kept = made._key
    assert kept == b"a secret word"
    del made
    gc.collect()
    assert kept == bytes(13)


def test_keys_are_not_pickled(pure):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="^cannot pickle 'Key' object$"):
            pickle.dumps(pure.hmac.Key(b"a secret word", "sha256"), protocol)


def test_verify_is_in_constant_time(pure, monkeypatch):
    """The interpreter's own comparison compares the whole tags."""
    front = pure.top._front
    real, seen = front._compare, []
    monkeypatch.setattr(front, "_compare", lambda a, b: seen.append((len(a), len(b))) or real(a, b))
    made = pure.hmac.Key(b"key", "sha256")
    made.verify(b"message", made.digest(b"message"))
    with pytest.raises(ValueError):
        made.verify(b"message", bytes(31))
    assert seen == [(32, 32), (32, 31)]


def test_the_same_generator(pure):
    """Fortuna driven by hand has the same keys, counters and bytes."""

    def trace(modules):
        generator = modules.fortuna.AESGenerator()
        with pytest.raises(AssertionError) as refused:
            generator.pseudo_random_data(1)
        found = [str(refused.value), generator.counter.next_value()]
        for seed, n in ((b"", 0), (b"a", 1), (bytes(100), 40), (b"b", 33)):
            generator.reseed(seed)
            found += [generator.pseudo_random_data(n), generator.key, generator.counter.next_value()]
        return found

    assert trace(pure) == trace(NATIVE)


def test_it_has_all_that_the_extension_module_has(pure):
    """Except for the capsule by which other extension modules call it."""

    def public(module):
        return {name for name in vars(module) if not name.startswith("_")}

    assert public(gorandom._front) - public(pure.top._front) == set()
    assert pure.top._front.MACS == gorandom._front.MACS
    for name in public(gorandom._front):
        if name.startswith(("HAND_", "GENERATOR_", "HASH_")):
            assert getattr(pure.top._front, name) == getattr(gorandom._front, name)
    assert set(pure.top._front.state()) == set(gorandom._front.state())


@linux
def test_from_the_same_bytes(pure, site):
    """Each front makes the same bytes, numbers, texts and UUIDs from the same system bytes and the same clock."""
    native, python = (
        run(PROGRAMS / "pure_same.py", "never", env={"LD_PRELOAD": str(scripted())} | more)
        for more in ({}, {"PYTHONPATH": os.pathsep.join([str(site), str(PROGRAMS.parent / "noise")])})
    )
    assert native.pop("mode") == "direct" and python.pop("mode") == "system"
    assert [name for name in native if native[name] != python[name]] == [] and len(native) > 20


# ---- by itself ----


ANYWHERE = ["missing modules", "no getrandom", "no source", "threads", "uuid7"]
ON_LINUX = ["no fork", "not ready", "refused", "filtered early", "forks", "uuid7 in a child"]


@pytest.mark.parametrize("what", [*ANYWHERE, *(pytest.param(what, marks=linux) for what in ON_LINUX)])
def test_alone(python, site, what):
    """Each case has its own process (pure_alone.py), in which things are missing or refused from the first import on."""
    assert python(PROGRAMS / "pure_alone.py", what, env={"PYTHONPATH": str(site)}).split() == ["system", "done"]


@pytest.mark.parametrize("value, ends", [("sometimes", 1), ("never", 0), ("eager", 0), ("", 0)])
def test_environment(python, site, value, ends):
    done = python("import gorandom", env={"PYTHONPATH": str(site), "GORANDOM_START": value}, ends=None)
    assert done.returncode == ends
    assert ends == 0 or done.stderr.endswith('GORANDOM_START must be "auto", "eager" or "never", not "sometimes"\n')


def test_what_needs_c_says_so(python, site):
    for statement in ("import gorandom.numpy", "gorandom.BitGenerator", "import gorandom.openssl",
                      "from gorandom.compat import osrandom; osrandom.activate_osrandom_engine()"):  # fmt: skip
        done = python(f"import gorandom\n{statement}", env={"PYTHONPATH": str(site)}, ends=None)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 1 and ("pure Python" in last or "numpy" in last and "No module" in last), done.stderr


def test_a_library_that_does_not_load_is_an_import_error(python, site, tmp_path):
    """Even if a front in Python were beside it."""
    if PURE:
        pytest.skip("needs the extension module _front: this installation is in pure Python")
    shutil.copytree(site / "gorandom", tmp_path / "broken" / "gorandom")
    (tmp_path / "broken" / "gorandom" / os.path.basename(gorandom._front.__file__)).write_bytes(b"no library")
    done = python("import gorandom", env={"PYTHONPATH": str(tmp_path / "broken")}, ends=None)
    assert done.returncode == 1 and "ImportError" in done.stderr


def test_a_native_installation_has_no_front_in_python(package_folder):
    assert PURE == (package_folder / "_front.py").exists()
