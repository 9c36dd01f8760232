"""Draws of a process without a core whose kernel gives the same bytes at each read, from before the import or after the
first draw on. Run with scripted.c preloaded."""

import ctypes
import json
import random
import sys

library = ctypes.CDLL(None)
same = random.Random(1).randbytes(1 << 20)  # no block in it comes twice


def start():
    library.script_always(same, ctypes.c_size_t(len(same)))


if sys.argv[1] == "before":
    start()
import gorandom  # noqa: E402  after it, where asked

if sys.argv[1] == "after":
    gorandom.get_random_bytes(16)
    start()
found, tokens = {}, []

def draw(name, f):
    try:
        token = f()[-16:]
    except OSError as e:
        found.setdefault(name, set()).add(str(e))
        return
    tokens.append(token)

def filled(n):
    buffer = bytearray(n)
    gorandom.fill(buffer)
    return bytes(buffer)

for _ in range(1000):  # more than a pool holds
    draw("16 bytes", lambda: gorandom.get_random_bytes(16))
for _ in range(3):
    for n in (2000, 20_000, 1 << 20):
        draw(f"{n} bytes", lambda: gorandom.get_random_bytes(n))
        draw(f"urandom {n}", lambda: gorandom.urandom(n))
        draw(f"fill {n}", lambda: filled(n))
library.script_end()
again = len({gorandom.get_random_bytes(n) for n in (16, 2000, 20_000) for _ in range(100)})
print(json.dumps({"found": {name: sorted(texts) for name, texts in found.items()}, "tokens": len(tokens),
                  "repeats": len(tokens) - len(set(tokens)), "again": again}))
