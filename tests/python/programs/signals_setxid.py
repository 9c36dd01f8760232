"""The C library's setuid() and similar functions while other threads draw. Run by test_signals.py."""

import json
import os
import threading

import gorandom

gorandom.get_random_bytes(16)
go_on = True


def draw(n):
    buffer = bytearray(n)
    while go_on:
        gorandom.fill(buffer)


threads = [threading.Thread(target=draw, args=(n,)) for n in (100, 50_000, 8 << 20)]
for t in threads:
    t.start()
for _ in range(60):
    os.setgid(os.getgid())
    os.setegid(os.getegid())
    os.setuid(os.getuid())
go_on = False
for t in threads:
    t.join()
print(json.dumps({"done": True}))
