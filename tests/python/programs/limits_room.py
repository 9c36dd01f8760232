"""First draws with more and more room under a limit. Run by test_limits.py.

Prints for each amount of room, in MiB: how the process ended, what served it and by how many MiB the draws made it
grow. With "lowered", the limit comes between the core's check of the room and its start (lowered.c)."""

import ctypes
import json
import os
import sys

import confine

import gorandom

name, first, last, step = sys.argv[1], *map(int, sys.argv[2:5])
field = {"AS": "VmSize", "lowered": "VmSize", "DATA": "VmData"}[name]
str(gorandom.status())
answers = {}
for room in range(first, last, step):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        before = confine.memory(field)
        if name == "lowered":
            ctypes.c_size_t.in_dll(ctypes.CDLL(None), "lowered_to").value = room << 20
        else:
            confine.limit(name, before + (room << 20))
        gorandom.fill(memoryview(bytearray(300_000)))  # large enough to start a core
        grown = confine.memory(field) - before
        os.write(write, json.dumps([gorandom.status().reason or "core", grown >> 20]).encode())
        os._exit(0)
    end = os.waitpid(child, 0)[1]
    os.close(write)
    answers[room] = [end, *json.loads(os.read(read, 1000) or '["", 0]')]
    os.close(read)
print(json.dumps(answers))
