"""Threads that do the same at once. With a GIL most of it is in one piece by itself; without one (a free-threaded
CPython) only what the C code sees to is. Each test says what it guards, and was red there without it."""

import os
import sysconfig

import pytest

FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
free = pytest.mark.skipif(not FREE, reason="this interpreter has a GIL: there is nothing that could bring it back")

# run(f, g, ...): each in a thread of its own, all from one moment on, to their ends; with the exceptions of any.
HEAD = """
import os, sys, threading
sys.setswitchinterval(1e-5)
SLOW = int(os.environ.get("GORANDOM_SLOW", 1))  # under a sanitizer
def run(*functions):
    go, failed = threading.Barrier(len(functions)), []
    def thread(f):
        try:
            go.wait()
            f()
        except BaseException as e:
            failed.append(e)
    threads = [threading.Thread(target=thread, args=(f,)) for f in functions]
    for t in threads: t.start()
    for t in threads: t.join()
    if failed: raise failed[0]
"""

# What ends when the others have: until() says when.
MEANWHILE = """
ended = []
def others(f):
    def g():
        try: f()
        finally: ended.append(f)
    return g
"""


@free
def test_the_gil_stays_off(python):
    """Guards: Py_mod_gil in slots.h, of both modules. Without it CPython switches the GIL on, and says so."""
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
    python(
        HEAD
        + """
import gorandom
drawn = [[] for _ in range(8)]
def draws(mine):
    for n in (16, 16, 16, 100, 1024, 5000, 20_000):
        for _ in range(300):
            mine.append(gorandom.get_random_bytes(n)[:16])
run(*[lambda mine=mine: draws(mine) for mine in drawn])
assert len({b for mine in drawn for b in mine}) == 8 * 7 * 300
""",
        start=start_mode,
    )


def test_uuid7_grows_in_all_threads(python):
    """Guards: BEGIN_ALONE in uuid.c."""
    python(
        HEAD
        + """
import gorandom
uuid7 = gorandom.uuid7
made = [[] for _ in range(4)]
def makes(mine):
    for _ in range(100_000 // SLOW):
        mine.append(uuid7())
run(*[lambda mine=mine: makes(mine) for mine in made])
assert all(a < b for mine in made for a, b in zip(mine, mine[1:]))
assert len({u for mine in made for u in mine}) == 4 * (100_000 // SLOW)
"""
    )


def test_shuffles_of_one_list_lose_no_item(python):
    """Guards: BEGIN_ALONE in swap.c. Without it items are lost and others come twice, or the interpreter dies."""
    python(
        HEAD
        + """
from gorandom import random
items = [object() for _ in range(1000)]
x = items[:]
run(*[lambda: [random.shuffle(x) for _ in range(150)]] * 4)
assert set(map(id, x)) == set(map(id, items)) and len(x) == len(items)
"""
    )


@pytest.mark.parametrize("function", ["random.shuffle(x)", "random.sample(x, 20)", "random.choice(x)", "key.digests(x)"])
def test_a_list_that_others_change(python, function):
    """What is drawn from may become shorter, or its items replaced: an IndexError, never freed memory. Guards: no
    borrowed references to items in swap.c and numbers.c."""
    python(
        HEAD
        + MEANWHILE
        + """
from gorandom import hmac, random
key = hmac.Key(b"key", "sha256")
x = [bytes([i]) * 40 for i in range(200)]
def changes():
    while not ended:
        for i in range(100):
            x[i] = bytes([i]) * 41
        del x[150:]
        x.extend([bytes(40) for _ in range(50)])
def draws():
    for _ in range(1500):
        try:
            FUNCTION
        except IndexError:
            pass
run(changes, others(draws), others(draws))
""".replace("FUNCTION", function)
    )


def test_default_entropy_is_replaced(python):
    """Guards: a reference of its own to secrets.DEFAULT_ENTROPY in numbers.c."""
    python(
        HEAD
        + MEANWHILE
        + """
from gorandom import secrets
def changes():
    n = 0
    while not ended:
        n += 1
        secrets.DEFAULT_ENTROPY = 300 + n % 700
        junk = [float(i) for i in range(20)]
secrets.DEFAULT_ENTROPY = 301
def tokens():
    for _ in range(60_000 // SLOW):
        assert 300 <= len(secrets.token_bytes()) < 1000
run(changes, others(tokens), others(tokens))
"""
    )


def test_functions_replaced_while_they_are_called(python):
    """A module in Python that is imported anew gives C other functions for what is odd. Guards: state_set() keeps those
    that others may be using. Without it the interpreter dies."""
    python(
        HEAD
        + MEANWHILE
        + """
from gorandom import _front, random
getrandbits = random.getrandbits
def replaces():
    while not ended:
        _front.numbers("random", "m", tuple([lambda k: k + 1 for _ in range(6)]), {})
def odd():
    for _ in range(200_000 // SLOW):
        assert getrandbits(3000) > 0
run(replaces, others(odd), others(odd))
"""
    )


def test_openssl_is_switched_by_threads(python):
    """Guards: openssl.c's lock. Without it a second activation keeps our own method as the one to give back."""
    pytest.importorskip("ssl", reason="this interpreter has no ssl")
    python(
        HEAD
        + """
import ssl, sys
from gorandom import _openssl, openssl
try:
    openssl.activate()
except RuntimeError:
    sys.exit()  # this OpenSSL cannot draw from gorandom: test_openssl.py says why
library = openssl._extension.__file__
def switches():
    for _ in range(20_000 // SLOW):
        _openssl.activate(library)
        _openssl.deactivate()
run(*[switches] * 4)
openssl.deactivate()
assert not openssl.active()
assert len(ssl.RAND_bytes(16)) == 16
"""
    )


def test_never_while_a_core_starts(python):
    """Either it is too late, or there will be no core. Guards: life_set_mode() waits for a start that is under way."""
    for _ in range(max(1, 12 // int(os.environ.get("GORANDOM_SLOW", 1)))):
        python(
            """
import os, threading
from gorandom import _front
t = threading.Thread(target=_front.start)
t.start()
try:
    while len(os.listdir("/proc/self/task")) < 4 and t.is_alive():
        pass
    _front.configure("never")
    never = True
except RuntimeError:
    never = False
t.join()
assert _front.state()["mode"] == ("direct" if never else "core"), never
"""
        )
