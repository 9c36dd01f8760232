"""The size of a parent before and after many children that drew. Run by test_memory.py."""

import json
import os
import sys

import child
import confine
from memory_maps import absent, mappings

import gorandom


def size():
    return {
        "rss": confine.memory("VmRSS") >> 20,
        "maps": len(mappings()),
        "threads": len(os.listdir("/proc/self/task")),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "absent": sum(map(absent, mappings())),
    }


tally = child.Tally()


def round(n):
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            gorandom.get_random_bytes(16)
            os._exit(0)
        gorandom.get_random_bytes(1024)
        tally.reap(pid)


tally.add(*child.draws(large=True))
round(50)
before = size()
round(int(sys.argv[1]))
print(json.dumps({"before": before, "after": size(), "ends": tally.ends}))
