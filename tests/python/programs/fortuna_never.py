"""Fortuna objects in a process without a core. Run by test_fortuna.py."""

import threading

from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator

from gorandom import _front

generator = FortunaGenerator.AESGenerator()
generator.reseed(b"Hello")
state = generator._state


def now():
    return generator.key, generator.counter.next_value()


before = now()


def raises(*_):
    raise ZeroDivisionError


for python, error in (
    (raises, ZeroDivisionError),
    (lambda *_: (bytes(31), bytes(16), b""), ValueError),
    (lambda *_: (bytes(32), bytes(17), b""), ValueError),
    (lambda *_: (bytes(32), bytes(16), "text"), TypeError),
    (lambda *_: None, (SystemError, TypeError)),
):
    try:
        state.call(_front.GENERATOR_DATA, b"", 16, python)
    except error:
        assert now() == before
    else:
        raise SystemExit("no error")

inside, go_on = threading.Event(), threading.Event()


def waits(operation, key, counter, data, n):
    inside.set()
    go_on.wait()
    return key, counter, b"out"


made = []
thread = threading.Thread(target=lambda: made.append(state.call(_front.GENERATOR_DATA, b"", 3, waits)))
thread.start()
inside.wait()
try:
    generator.pseudo_random_data(1)
except RuntimeError as e:
    assert str(e) == "another thread is using this object"
else:
    raise SystemExit("two threads used it at once")
go_on.set()
thread.join()
assert made == [b"out"] and now() == before
assert generator.pseudo_random_data(32).hex() == "7cbe2c17684ac223d08969ee8b565616717661c0d2f4758bd6ba140bf3791abd"
