"""One processor, so one place in the gate: the programs of test_gate.py import this before gorandom."""

import os
import threading
import time

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import child  # noqa: E402
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator  # noqa: E402

import gorandom  # noqa: E402

gorandom.get_random_bytes(16)
assert gorandom.status().mode == "core"


class Holder:
    """Takes every place of the gate, in a thread that reseeds a generator for seconds."""

    def __init__(self):
        # Zeros that were never written, so they take no memory.
        n = 64 << 20
        begun = time.perf_counter()
        FortunaGenerator.AESGenerator().reseed(bytes(n))
        self.zeros = bytes(int(n * max(1, min(64, 2 / (time.perf_counter() - begun)))))

    def hold(self):
        self.thread = threading.Thread(target=FortunaGenerator.AESGenerator().reseed, args=(self.zeros,))
        self.thread.start()
        while not self.still():
            pass

    def still(self):
        """Is the thread in the same call as when hold() returned?"""
        return child.in_the_core(self.thread.native_id)
