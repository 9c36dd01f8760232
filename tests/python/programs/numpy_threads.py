"""Threads draw from one bit generator while others reseed and fork. Run by test_numpy.py."""

import sys
import threading

import child
import numpy as np

import gorandom

sys.setswitchinterval(1e-4)
rng = np.random.Generator(gorandom.BitGenerator())
tally, ended, lists = child.Tally(), threading.Event(), [[] for _ in range(3)]


def draw(tokens):
    while not ended.is_set():
        words = rng.integers(0, 2**64, 2000, dtype=np.uint64)
        if len(tokens) < 50_000:
            tokens.extend(words[i : i + 2].tobytes() for i in range(0, 2000, 200))
            tokens.append(rng.bytes(16))


def reseed():
    while not ended.is_set():
        gorandom.reseed()


def body(large):
    found = [rng.bytes(16) for _ in range(3)] + [rng.random(2).tobytes()]
    if large:
        found.append(rng.random(200_000)[-2:].tobytes())
    return found


tally.add(*body(True))
threads = [threading.Thread(target=draw, args=(tokens,)) for tokens in lists] + [threading.Thread(target=reseed)]
for thread in threads:
    thread.start()
tally.rounds(int(sys.argv[1]), body)
ended.set()
for thread in threads:
    thread.join()
for tokens in lists:
    tally.add(*tokens)
tally.report(drawn=min(map(len, lists)))
