"""What the programs of test_numbers.py share that are interrupted in the middle of a shuffle."""

import signal

import gorandom

r, x = gorandom.SystemRandom(), list(range(3_000_000))  # 80 ms
r.random()


# It goes from the end, and nearly all that it has not come to is in its place.
def untouched():
    return sum(x[i] == i for i in range(10_000)) > 5_000


def begun():
    return sum(x[-i] == len(x) - i for i in range(1, 10_001)) < 5_000


def in_the_middle(handler):
    """Call handler() from a signal's handler once the shuffle of x, which must follow, has begun."""

    def interrupt(*_):
        handler() if begun() else signal.setitimer(signal.ITIMER_REAL, 0.001)

    signal.signal(signal.SIGALRM, interrupt)
    interrupt()
