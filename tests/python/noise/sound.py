"""Reads of many sizes from a sound kernel, in threads and children of a process without a core."""

import threading

import child

import gorandom

tally = child.Tally()
def draw():
    for i in range(1000):
        gorandom.reseed()  # reads a byte, and makes the pool stale
        gorandom.get_random_bytes(1)
        if i % 10 == 0:
            tokens.append(gorandom.get_random_bytes(2000 + i)[-16:])
    return tokens[-50:]
tokens = []
threads = [threading.Thread(target=draw) for _ in range(3)]
for thread in threads:
    thread.start()
draw()
for thread in threads:
    thread.join()
tally.add(*tokens)
tally.rounds(4, lambda large: draw())
tally.report()
