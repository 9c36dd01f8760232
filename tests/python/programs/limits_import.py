"""Imports under a limit, with more and more room. Run by test_limits.py with the limit's name. Prints for each amount of
room, in MiB: how the process ended, what served it and by how many MiB it grew."""

import dataclasses  # noqa: F401  so that only the package's own growth is seen
import hashlib  # noqa: F401
import json
import os
import sys

import confine

name = sys.argv[1]
field = {"AS": "VmSize", "DATA": "VmData"}[name]
answers = {}
for room in (8, 20, 30, 34, 38, 60, 300):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        before = confine.memory(field)
        confine.limit(name, before + (room << 20))
        import gorandom

        gorandom.get_random_bytes(16)
        gorandom.fill(bytearray(300_000))
        grown = confine.memory(field) - before
        bytearray((room << 20) - (4 << 20))  # the rest is for the program
        os.write(write, json.dumps([gorandom.status().reason or "core", grown >> 20]).encode())
        os._exit(0)
    end = os.waitpid(child, 0)[1]
    os.close(write)
    answers[room] = [end, *json.loads(os.read(read, 1000) or '["", 0]')]
    os.close(read)
print(json.dumps(answers))
