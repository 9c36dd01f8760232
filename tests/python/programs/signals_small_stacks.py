"""Threads with stacks of 64 KiB make every call. Run by test_signals.py."""

import json
import sys
import threading

import gorandom

if sys.version_info >= (3, 14):
    import gorandom._status

done = []


def draw():
    gorandom.get_random_bytes(16)
    gorandom.fill(bytearray(2 << 20))
    gorandom.reseed()
    gorandom.add_event(b"x")
    gorandom.status()
    done.append(1)


threading.stack_size(64 << 10)
for _ in range(3):
    threads = [threading.Thread(target=draw) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
print(json.dumps({"done": len(done)}))
