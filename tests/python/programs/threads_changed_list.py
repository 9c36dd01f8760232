"""Draws by argv[1] from a list that another thread changes. Run by test_threads.py."""

import sys

from threads_together import ended, others, run

from gorandom import hmac, random

key = hmac.Key(b"key", "sha256")
x = [bytes([i]) * 40 for i in range(200)]


def changes():
    while not ended:
        for i in range(100):
            x[i] = bytes([i]) * 41
        del x[150:]
        x.extend([bytes(40) for _ in range(50)])


CALLS = {
    "random.shuffle(x)": lambda: random.shuffle(x),
    "random.sample(x, 20)": lambda: random.sample(x, 20),
    "random.choice(x)": lambda: random.choice(x),
    "key.digests(x)": lambda: key.digests(x),
}
call = CALLS[sys.argv[1]]


def draws():
    for _ in range(1500):
        try:
            call()
        except IndexError:
            pass


run(changes, others(draws), others(draws))
