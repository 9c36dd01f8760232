"""Draws before and after argv[1] happens to the monitor's devices. Run by test_restore.py."""

import json
import sys
import threading

import gorandom.secrets
import script
from restore_devices import CHANGES, feed

import gorandom

draws = [
    lambda: gorandom.get_random_bytes(16),
    lambda: gorandom.urandom(100),
    lambda: gorandom.get_random_bytes(2000),
    lambda: bytes.fromhex(gorandom.secrets.token_hex(20)),
    lambda: gorandom.SystemRandom().randbytes(9),
]
# The kernel's bytes come from script, marked with 1 until the change and with 2 after it.
feed(1, 60_000)
gorandom.reseed()


def in_thread(f):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(f()))
    thread.start()
    thread.join()
    return answers[0]


first, second = threading.Event(), threading.Event()
drawn = {"main": [], "thread": [], "after": []}


def draw_in_thread():
    drawn["thread"].append(gorandom.get_random_bytes(16))
    first.set()
    second.wait()
    drawn["thread"] += [draw() for draw in draws]


thread = threading.Thread(target=draw_in_thread, daemon=True)
thread.start()
first.wait()
before = [draw() for draw in draws] + drawn["thread"]
assert script.marks(b"".join(before)) == {1}, before
drawn["thread"].clear()
CHANGES[sys.argv[1]]()
feed(2, 60_000)
second.set()
thread.join()
drawn["main"] = [draw() for draw in draws]
drawn["after"] = [in_thread(draw) for draw in draws]
print(json.dumps({where: sorted(script.marks(b"".join(ds))) for where, ds in drawn.items()}))
