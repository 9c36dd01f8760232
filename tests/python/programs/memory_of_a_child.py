"""Which of the core's mappings a forked child still has. Run by test_memory.py."""

import json
import os
import sys

import child
from memory_maps import mappings

import gorandom

gorandom.status(), len(mappings())
known = mappings()
gorandom.get_random_bytes(16)


def added(m):
    # Bytes that were not mapped before. (The kernel joins neighbours with the same attributes.)
    return m[1] - m[0] - sum(max(0, min(m[1], k[1]) - max(m[0], k[0])) for k in known)


new = [
    m for m in mappings() if added(m) > 4096 and "wf" not in m[2] and m[3] != "[heap]"
]  # the front has a page for its own names
threads = len(os.listdir("/proc/self/task")) - 1  # 8, and more where the machine is busy
pid = os.fork() if sys.argv[1] == "fork" else child.helper().bare_fork(1, None)
if not pid:
    os.kill(os.getpid(), 19)
    os._exit(0)
os.waitpid(pid, os.WUNTRACED)
theirs = mappings(pid)
os.kill(pid, 18)
os.waitpid(pid, 0)
kept = [m for m in new if any(t[0] < m[1] and m[0] < t[1] for t in theirs)]
print(
    json.dumps(
        {
            "new": len(new),
            "dumped": [m for m in new if "dd" not in m[2] and m not in kept],
            "kept": sum(map(added, kept)),
            "threads": threads,
        }
    )
)
