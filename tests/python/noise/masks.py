"""The signals that are blocked in a thread that draws, as another thread sees them in /proc."""

import collections
import json
import sys
import threading
import time

import gorandom

WANTED = 200  # looks that found the thread inside the gate
seen = collections.Counter()
begun, ended = threading.Event(), threading.Event()
buffer = bytearray(32 << 20)


def blocked(tid):
    with open(f"/proc/self/task/{tid}/status") as f:
        return next(line.split()[1] for line in f if line.startswith("SigBlk:"))


def draw():
    while not ended.is_set():
        gorandom.fill(buffer)
        begun.set()


def watch(tid, outside):
    begun.wait()  # the C library begins a thread with signals blocked, too
    end = time.monotonic() + 30
    while time.monotonic() < end and seen.total() - seen[outside] < WANTED:
        seen[blocked(tid)] += 1
    ended.set()


gorandom.get_random_bytes(16)  # starts the core
outside = blocked(threading.get_native_id())
if sys.argv[1] == "main":
    other = threading.Thread(target=watch, args=(threading.get_native_id(), outside))
    other.start()
    draw()
else:
    other = threading.Thread(target=draw)
    other.start()
    watch(other.native_id, outside)
other.join()
del seen[outside]
del seen["fffffffe3ffbfeff"]  # a thread's first draw makes its pool under this: SIGSYS is open, and the C library's two
print(json.dumps({"inside": seen}))
