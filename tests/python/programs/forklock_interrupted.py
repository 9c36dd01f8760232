"""Signals whose handler raises, in calls that take the lock: test_forklock.py runs this."""

import signal
import sys
import threading

import gorandom


class Interrupted(Exception):
    pass


def handler(number, frame):
    raise Interrupted


def takes():
    for _ in range(1000):  # not for ever: an exception may be lost in a destructor
        gorandom.status()
        with gorandom._no_forks:
            pass


def interrupted(microseconds):
    signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6)
    takes()


def ignored(unraisable):
    assert unraisable.exc_type is Interrupted


sys.unraisablehook = ignored
gorandom.status()
signal.signal(signal.SIGALRM, handler)
for i in range(2000):
    try:
        interrupted(30 + i % 50)
    except Interrupted:
        pass
thread = threading.Thread(target=gorandom._front.forklock_enter, daemon=True)
thread.start()
thread.join(20)
assert not thread.is_alive(), "the lock is still held"
