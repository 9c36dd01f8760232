"""A grandchild gets the PID of the process whose pool was copied: test_faults.py runs this."""

import errno
import json
import os
import sys

import confine

if sys.argv[1] == "pid":  # a kernel without MADV_WIPEONFORK: the handlers and the PID
    confine.refuse("madvise", errno.EINVAL)
import child

import gorandom


def fork():
    return os.fork() if sys.argv[2] == "fork" else child.helper().bare_fork(1, None)


def be(pid):
    # The next process of this namespace has this number.
    with open("/proc/sys/kernel/ns_last_pid", "w") as f:
        f.write(str(pid - 1))


assert os.getpid() == 1
r, w = os.pipe()
ends = set()
for round in range(20):
    be(1000)
    one = os.fork()
    if one == 0:
        gorandom.get_random_bytes(16)
        gorandom.fill(bytearray(300_000)) if round % 2 else None
        # A child with a copy of the pool outlives its parent, and forks one that gets the parent's number.
        two = fork()
        if two:
            os.write(w, gorandom.get_random_bytes(16) + b"1")
            os._exit(0)
        while os.getppid() == 1000:
            os.sched_yield()
        os.write(w, gorandom.get_random_bytes(16) + b"2") if round % 3 == 2 else None
        while True:
            be(1000)
            three = fork()
            if three == 0:
                child.end(lambda: os.write(w, gorandom.get_random_bytes(16) + (b"3" if os.getpid() == 1000 else b"-")))
            assert os.waitpid(three, 0)[1] == 0
            if three == 1000:
                break
        os._exit(0)
    while True:
        try:
            ends.add(os.waitstatus_to_exitcode(os.wait()[1]))
        except ChildProcessError:
            break
os.close(w)
data = b""
while part := os.read(r, 1 << 16):
    data += part
tokens = [data[i : i + 17] for i in range(0, len(data), 17)]
values = [t[:16] for t in tokens]
status = gorandom.status()
found = {
    "tokens": len(tokens),
    "different": len(set(values)),
    "weak": sum(v.count(0) >= 8 for v in values),
    "again": sum(t[16:] == b"3" for t in tokens),
    "ends": sorted(ends),
    "mode": status.mode,
    "reason": status.reason,
}
print(json.dumps(found))
