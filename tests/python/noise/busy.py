"""A core on which 40 threads draw much and reseed, of a process that can make no thread any more since just now."""

import errno
import json
import os
import sys
import threading
import time

import confine

import gorandom

gorandom.get_random_bytes(16)
assert gorandom.status().mode == "core"
begin = threading.Event()
end = time.monotonic() + int(sys.argv[1])
drawn = 0


def work(i):
    global drawn
    buffer = bytearray(1 << 20 if i % 2 else 100_000)
    begin.wait()
    while time.monotonic() < end:
        gorandom.fill(buffer)
        drawn += 1
        gorandom.add_event(b"event")
        gorandom.reseed()


threads = [threading.Thread(target=work, args=(i,)) for i in range(40)]
for thread in threads:
    thread.start()
confine.refuse("clone", errno.EAGAIN)
confine.refuse("clone3", errno.EAGAIN)
begin.set()
for thread in threads:
    thread.join()
print(json.dumps({"drawn": drawn, "threads": len(os.listdir("/proc/self/task"))}))
