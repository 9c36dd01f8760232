"""Public objects say where programs find them (``__module__``, ``__qualname__``), and ``dir()`` shows them all."""

import importlib
import inspect
import pickle
import pkgutil

import pytest

import gorandom

PYCRYPTOS = ("_UserFriendlyRNG",)  # PyCrypto's name for a module that programs import


def is_public(name):
    return all(part in PYCRYPTOS or not part.startswith("_") for part in name.split("."))


def public_modules():
    names = {found.name for found in pkgutil.walk_packages(gorandom.__path__, "gorandom.")}
    return ["gorandom", *sorted(name for name in names if is_public(name))]


def public_objects(module):
    """Return {name: class or function}: the names in ``__all__``, and everything else that is made in the module."""
    listed = {*getattr(module, "__all__", ()), *dir(module)}
    found = {name: getattr(module, name) for name in listed if is_public(name)}
    return {
        name: value
        for name, value in found.items()
        if (inspect.isclass(value) or inspect.isroutine(value))
        and (name in getattr(module, "__all__", ()) or value.__module__ == module.__name__)
    }


def test_there_are_public_modules():
    """Guards the next test, which would pass if it checked nothing."""
    assert {"gorandom.hmac", "gorandom.compat.m2crypto", "gorandom.compat.pycrypto.Random.Fortuna.SHAd256",
            "gorandom.compat.pycrypto.Random._UserFriendlyRNG"} <= set(public_modules())  # fmt: skip
    objects = public_objects(gorandom)
    assert set(gorandom.__all__) <= set(objects)
    assert "RandError" in public_objects(importlib.import_module("gorandom.compat.m2crypto"))


@pytest.mark.parametrize("name", public_modules())
def test_objects_are_where_they_say(name):
    """Pickles and Django's migrations write these names down, so they must outlive a private module."""
    try:
        module = importlib.import_module(name)
    except ImportError as error:  # numpy, or a hash that this OpenSSL lacks
        pytest.skip(f"NOT TESTED: {name} cannot be imported here: {error}")
    for attribute, value in public_objects(module).items():
        place = f"{value.__module__}.{value.__qualname__}"
        assert is_public(place), f"{name}.{attribute} calls itself {place}"
        found = importlib.import_module(value.__module__)
        for part in value.__qualname__.split("."):
            found = getattr(found, part)
        assert found is value, f"{name}.{attribute} calls itself {place}"
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(value, protocol)) is value


def test_objects_of_the_package_are_named_after_it():
    for name in gorandom.__all__:
        value = getattr(gorandom, name)
        assert (value.__module__, value.__qualname__) == ("gorandom", name)
    assert repr(gorandom.Status) == "<class 'gorandom.Status'>" and repr(gorandom.SystemRandom()).startswith("<gorandom.")


# Names that a module imports when they are first asked for. numpy's is shown only where numpy can be found.
LATE = """
import importlib, sys
module, numpy = importlib.import_module(sys.argv[1]), sys.argv[2]
if numpy == "without numpy":
    sys.modules["numpy"] = None
before = dir(module)
assert not {{*module.__all__, *{late!r}}} - set(before), before
assert "TYPE_CHECKING" not in before and before == sorted(set(before))
assert ("BitGenerator" in before) == (module.__name__ == "gorandom" and numpy == "with numpy")
for name in before:
    getattr(module, name)
shown = set(dir(module))
assert set(before) <= shown, set(before) - shown
"""


@pytest.mark.parametrize(
    "module, late",
    [
        ("gorandom", ["Status", "SystemRandom", "uuid4", "uuid7", "__version__", "__doc__"]),
        ("gorandom.compat.pycrypto.Random", ["Fortuna", "OSRNG", "_UserFriendlyRNG"]),
    ],
)
@pytest.mark.parametrize("numpy", [pytest.param("with numpy", marks=pytest.mark.native("bit generator for numpy")), "without numpy"])
def test_dir_is_complete(python, module, late, numpy):
    if numpy == "with numpy":
        pytest.importorskip("numpy", reason="NOT TESTED: numpy is not installed")
    python(f"import sys; sys.argv[1:] = {[module, numpy]!r}\n" + LATE.format(late=late))


def test_modules_with_late_names_have_a_dir():
    """A module's ``__dir__`` shows the names that its ``__getattr__`` gives. The test above lists these modules."""
    late = []
    for name in public_modules():
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if "__getattr__" in vars(module):
            assert "__dir__" in vars(module), name
            late.append(name)
    assert late == ["gorandom", "gorandom.compat.pycrypto.Random"]
