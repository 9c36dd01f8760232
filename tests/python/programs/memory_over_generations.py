"""The size of the 20th and of the 300th generation of children, each with its core. Run by test_memory.py."""

import ctypes
import json
import os
import sys

import child
import confine
from memory_maps import absent, mappings

import gorandom

PAGE = os.sysconf("SC_PAGE_SIZE")
libc = ctypes.CDLL(None)


def stacks():
    # [(low, high)] of the stacks of all threads that were made here or in ancestors, in order.
    if sys.argv[1] != "True":
        return []
    n = ctypes.c_uint.in_dll(libc, "stacks_made").value
    low, high = ((ctypes.c_size_t * n).in_dll(libc, "stacks_" + end) for end in ("low", "high"))
    return list(zip(low, high))


def resident(low, high):
    with open("/proc/self/pagemap", "rb") as f:
        f.seek(low // PAGE * 8)
        return sum(entry >> 63 for entry in memoryview(f.read((high - low) // PAGE * 8)).cast("Q")) * PAGE


def size():
    left = set(stacks()[:inherited]) - set(stacks()[inherited:])
    # The heap has a table (dtv) for each of them, and consists of several pieces, which all count.
    maps = [
        m
        for m in mappings()
        if not (left and m[3] == "[heap]")
        and sum(min(m[1], high) - max(m[0], low) for low, high in left if low < m[1] and m[0] < high) < m[1] - m[0]
    ]
    return {
        "rss": confine.memory("VmRSS") - sum(resident(*stack) for stack in left) >> 10,
        "maps": len(maps),
        "absent": sum(map(absent, mappings())),
        "threads": len(os.listdir("/proc/self/task")),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "left": len(left),
    }


read, write = os.pipe()
child.adopt_orphans()
buffer = bytearray(300_000)
generation = 0
inherited = len(stacks())
pid = os.fork()
while pid == 0:
    generation += 1
    gorandom.fill(buffer)
    if gorandom.status().mode != "core":
        os._exit(3)
    if generation in (20, 300):
        os.write(write, json.dumps(size()).encode() + b"\n")
    if generation == 300:
        os._exit(0)
    inherited = len(stacks())
    pid = os.fork()
    if pid:
        os._exit(0)
ends = []
while True:
    try:
        ends.append(os.wait()[1])
    except ChildProcessError:
        break
sizes = [json.loads(line) for line in os.read(read, 1 << 16).splitlines()]
print(json.dumps({"ends": len(ends), "bad": sum(map(bool, ends)), "sizes": sizes}))
