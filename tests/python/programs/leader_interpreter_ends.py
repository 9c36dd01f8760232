"""The interpreter ends while a daemon thread draws. Run by test_leader.py."""

import atexit
import os
import threading

import gorandom

atexit.register(lambda: os.write(1, b"%d\n" % len(gorandom.get_random_bytes(100_000))))
started = threading.Event()


def draw():
    buffer = bytearray(1 << 20)
    while True:
        gorandom.fill(buffer)
        started.set()


threading.Thread(target=draw, daemon=True).start()
started.wait()
