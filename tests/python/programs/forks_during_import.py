"""A fork while status() imports its module in another thread: test_forks.py runs this."""

import importlib.abc
import os
import sys
import threading

import child

import gorandom

importing, forked = threading.Event(), threading.Event()


class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "gorandom._status" and not importing.is_set():
            importing.set()
            forked.wait(1)  # with the fix the fork waits for us


sys.meta_path.insert(0, Slow())
thread = threading.Thread(target=gorandom.status)
thread.start()
importing.wait()
tally = child.Tally()


def body():
    tokens = [gorandom.get_random_bytes(16)]
    gorandom.status()
    return [*tokens, gorandom.urandom(16)]


pid = tally.child(os.fork, body)
forked.set()
thread.join()
tally.reap(pid)
tally.report()
