"""Shared by the programs of test_numbers.py that are interrupted in the middle of a shuffle."""

import signal

import gorandom

r, x = gorandom.SystemRandom(), list(range(3_000_000))  # 80 ms
r.random()


# A shuffle starts at the end, and nearly all items that it has not reached are in their places.
def untouched():
    return sum(x[i] == i for i in range(10_000)) > 5_000


def begun():
    return sum(x[-i] == len(x) - i for i in range(1, 10_001)) < 5_000


def in_the_middle(handler):
    """Call handler() from a signal handler once the shuffle of x has begun. The caller must then start the shuffle."""

    def interrupt(*_):
        handler() if begun() else signal.setitimer(signal.ITIMER_REAL, 0.001)

    signal.signal(signal.SIGALRM, interrupt)
    interrupt()
