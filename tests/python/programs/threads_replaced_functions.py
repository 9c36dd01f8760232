"""C's functions for odd arguments are replaced while others call them. Run by test_threads.py."""

from threads_together import SLOW, ended, others, run

from gorandom import _front, random

getrandbits = random.getrandbits


def replaces():
    while not ended:
        _front.numbers("random", {"__name__": "m"}, {"getrandbits": lambda k: k + 1})


def odd():
    for _ in range(200_000 // SLOW):
        assert getrandbits(3000) > 0


run(replaces, others(odd), others(odd))
