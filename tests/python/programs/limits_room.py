"""First draws with more and more address space. Run by test_limits.py."""

import json
import os

import confine

import gorandom

str(gorandom.status())
ends, answers = {}, set()
for room in range(900, 1600, 20):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        confine.limit("AS", confine.memory("VmSize") + (room << 20))
        gorandom.fill(bytearray(300_000))  # a core is worth its price
        os.write(write, (gorandom.status().reason or gorandom.status().mode).encode())
        os._exit(0)
    ends[room] = os.waitpid(child, 0)[1]
    os.close(write)
    answers.add(os.read(read, 100).decode())
    os.close(read)
print(json.dumps({"bad": {room: end for room, end in ends.items() if end}, "answers": sorted(answers)}))
