"""Forks while other threads make UUIDs. Run by test_uuid.py."""

import ctypes
import os
import threading
import time

import gorandom

ctypes.CDLL(None).script_clock(ctypes.c_longlong(time.time_ns() // 1_000_000))  # so that all UUIDs have the same millisecond
gorandom.uuid7()
running = True


def busy():
    while running:
        gorandom.uuid7()


threads = [threading.Thread(target=busy) for _ in range(2)]
for t in threads:
    t.start()
drawn = []
for _ in range(40):
    r, w = os.pipe()
    child = os.fork()
    if not child:
        os.write(w, b"".join(make().bytes for make in (gorandom.uuid4, gorandom.uuid7) for _ in range(10)))
        os._exit(0)
    drawn += [gorandom.uuid7().bytes, gorandom.uuid4().bytes]
    theirs = os.read(r, 4096)
    assert os.waitpid(child, 0)[1] == 0 and len(theirs) == 320
    drawn += [theirs[i : i + 16] for i in range(0, 320, 16)]
    os.close(r)
    os.close(w)
running = False
for t in threads:
    t.join()
print(len(drawn), len(set(drawn)))
