"""Threads make and drop bit generators while others fork. Run by test_numpy.py."""

import sys
import threading

import child
import numpy as np
from numpy.random import Generator

import gorandom

sys.setswitchinterval(1e-4)
tally, ended, lists = child.Tally(), threading.Event(), [[] for _ in range(3)]


def draw():
    return Generator(gorandom.BitGenerator()).integers(0, 2**64, 2, dtype=np.uint64).tobytes()


def make(tokens):
    kept = []
    while not ended.is_set():
        kept.append(Generator(gorandom.BitGenerator()))
        tokens.append(draw())
        tokens.append(kept[-1].integers(0, 2**64, 2, dtype=np.uint64).tobytes())
        if len(kept) == 150:
            del kept[::2]
        if len(kept) > 300:
            kept.clear()


threads = [threading.Thread(target=make, args=(tokens,)) for tokens in lists]
for thread in threads:
    thread.start()
tally.rounds(int(sys.argv[1]), lambda large: [draw() for _ in range(100)])
ended.set()
for thread in threads:
    thread.join()
for tokens in lists:
    tally.add(*tokens)
tally.report(drawn=min(map(len, lists)))
