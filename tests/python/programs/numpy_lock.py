"""Forks while a thread holds the lock of a bit generator. Run by test_numpy.py."""

import os
import threading

import child
from numpy_tokens import rngs, tokens

held, free = threading.Event(), threading.Event()


def hold():
    with rngs[0].bit_generator.lock:
        held.set()
        free.wait()


thread = threading.Thread(target=hold)
thread.start()
held.wait()
tally = child.Tally()
tally.add(rngs[1].bytes(16))
for i in range(20):
    tally.reap(tally.child(os.fork, tokens), patience=10)
free.set()
thread.join()


# The same with a lock that the forking thread holds: in the child the block ends like any other.
def inside():
    with rngs[0].bit_generator.lock:
        pid = os.fork()
        found = rngs[0].bytes(16)
    return pid, found


pid, found = inside()
if pid == 0:
    child.end(lambda: tally.send(found, rngs[0].bytes(16)))
tally.add(found)
tally.reap(pid)
tally.report()
