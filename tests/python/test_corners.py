"""Rare cases in the package's Python modules that fit into no other test file."""

import hmac as stdlib

import pytest
from conftest import PURE
from gorandom.compat import m2crypto

from gorandom import hmac, random


@pytest.mark.skipif(PURE, reason="test_pure.py has it")
@pytest.mark.parametrize("name", ["GORANDOM_START", "GORANDOM_KEYSTREAM"])
def test_a_wrong_word_in_the_environment(python, name):
    """Otherwise the program would run in a mode that its administrator did not ask for."""
    done = python("import gorandom", env={name: "sometimes"}, ends=None)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith(f"ImportError: {name} must be ") and '"sometimes"' in done.stderr


def test_inner_objects_of_an_hmac():
    """Programs look at them, and find what the standard library's object has."""
    ours, theirs = (module.new(b"key", b"message", "sha256") for module in (hmac, stdlib))
    for name in ("_hmac", "_inner", "_outer"):
        assert hasattr(ours, name) or not hasattr(theirs, name)
    assert ours.digest() == theirs.digest()
    with pytest.raises(AttributeError):
        hmac.HMAC.__new__(hmac.HMAC)._nothing


class Rows(list):
    ndim = 2


def test_an_array_of_rows_is_not_shuffled():
    """Also by the class in Python: swapping two views loses one."""
    rows = Rows([[1, 2], [3, 4]])
    for shuffle in (random.StrongRandom().shuffle, random.shuffle):
        with pytest.raises(TypeError, match="several dimensions"):
            shuffle(rows)
    assert rows == [[1, 2], [3, 4]]


def test_a_file_that_cannot_be_read(tmp_path):
    """M2Crypto returns the number of bytes it has read, or -1 if there is no such file."""
    assert m2crypto.load_file("/proc/self/mem", 100) in (0, -1)
    assert m2crypto.load_file(str(tmp_path / "none"), 100) == -1
    assert m2crypto.load_file(str(tmp_path), 100) == 0
