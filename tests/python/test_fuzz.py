"""The inputs that make fuzz has found and kept, through its harnesses (tests/fuzz)."""

import importlib.util
import os

import pytest
from _forks import linux, plain
from conftest import SOURCE

FUZZ = SOURCE / "tests" / "fuzz"

pytestmark = [
    linux,
    pytest.mark.once,
    pytest.mark.skipif(not (SOURCE / "pyext" / "front").exists(), reason="the C sources are not beside these tests"),
]


@pytest.fixture(scope="module")
def harnesses():
    spec = importlib.util.spec_from_file_location("harnesses", FUZZ / "harnesses.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.plain = plain()
    return module


def test_every_harness_has_a_corpus(harnesses):
    assert sorted(os.listdir(FUZZ / "corpus")) == sorted(harnesses.NAMES)


@pytest.mark.parametrize("name", sorted(os.listdir(FUZZ / "corpus")) if FUZZ.exists() else [])
def test_corpus(harnesses, name):
    """Guards what each harness says in its docstring, for the inputs that reach all that any input was found to reach."""
    files = sorted((FUZZ / "corpus" / name).iterdir())
    assert files
    for file in files:
        try:
            getattr(harnesses, name)(file.read_bytes())
        except Exception as error:
            raise AssertionError(f"tests/fuzz/corpus/{name}/{file.name}") from error
