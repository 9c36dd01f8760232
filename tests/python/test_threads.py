"""Threads that do the same at once. With a GIL most of it is atomic anyway. In a free-threaded CPython only what the C code
protects is. Each test names what it guards, and failed there without it."""

import os
import sysconfig

import pytest
from _forks import PROGRAMS

FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
free = pytest.mark.skipif(not FREE, reason="this interpreter has a GIL: there is nothing that could bring it back")


@free
def test_the_gil_stays_off(python):
    """Guards: Py_mod_gil in python/interpreter.h, of all modules. Without it CPython switches the GIL on, and says so."""
    python(
        """
import sys, gorandom
from gorandom import _core, hmac, openssl, random, secrets, signing
gorandom.get_random_bytes(16), gorandom.uuid4(), gorandom.SystemRandom()
assert not sys._is_gil_enabled()
""",
        flags=["-W", "error"],
    )


def test_bytes_are_distinct(python, start_mode):
    """Eight threads, small and large draws."""
    python(PROGRAMS / "threads_distinct.py", start=start_mode)


def test_uuid7_grows_in_all_threads(python):
    """Guards: BEGIN_ALONE in uuid.c."""
    python(PROGRAMS / "threads_uuid7.py")


def test_shuffles_of_one_list_lose_no_item(python):
    """Guards: BEGIN_ALONE in numbers.c. Without it items are lost and others come twice, or the interpreter dies."""
    python(PROGRAMS / "threads_shuffle.py")


@pytest.mark.parametrize("function", ["random.shuffle(x)", "random.sample(x, 20)", "random.choice(x)", "key.digests(x)"])
def test_a_list_that_others_change(python, function):
    """While numbers are drawn from it, the list may get shorter or its items may be replaced. That gives an IndexError, and
    never uses freed memory. Guards: no borrowed references to items in numbers.c."""
    python(PROGRAMS / "threads_changed_list.py", function)


def test_default_entropy_is_replaced(python):
    """Guards: numbers.c holds its own reference to secrets.DEFAULT_ENTROPY."""
    python(PROGRAMS / "threads_default_entropy.py")


def test_functions_replaced_while_they_are_called(python):
    """If a Python module is imported anew, C gets new functions for rare cases. Guards: state_set() keeps those that others
    may be using. Without it the interpreter dies."""
    python(PROGRAMS / "threads_replaced_functions.py")


@pytest.mark.native("callback for OpenSSL")
def test_openssl_is_switched_by_threads(python):
    """Guards: openssl/module.c never stores our own method as the one to restore, whoever activates meanwhile."""
    pytest.importorskip("ssl", reason="this interpreter has no ssl")
    python(PROGRAMS / "threads_openssl.py")


@pytest.mark.native("core")
def test_never_while_a_core_starts(python):
    """Either it is too late, or no core will start. Guards: life_set_mode() waits for a start that is under way."""
    for _ in range(max(1, 12 // int(os.environ.get("GORANDOM_SLOW") or 1))):
        python(PROGRAMS / "threads_never.py")
