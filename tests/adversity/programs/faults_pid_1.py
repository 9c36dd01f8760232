"""Five PID namespaces, each within the one before, in which each process is PID 1: test_faults.py runs this."""

import ctypes
import errno
import json
import os
import sys

import confine

if sys.argv[1] == "pid":
    confine.refuse("madvise", errno.EINVAL)
import gorandom  # noqa: E402


def nested(depth, w):
    # A child that is PID 1 as well, in a namespace below.
    libc = ctypes.CDLL(None, use_errno=True)
    assert os.getpid() == 1
    gorandom.get_random_bytes(16)
    gorandom.fill(bytearray(300_000)) if depth % 2 else None
    assert libc.unshare(0x20000000) == 0, os.strerror(ctypes.get_errno())
    r, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        assert os.getpid() == 1
        os.write(w, gorandom.get_random_bytes(16))
        if depth < 4:
            nested(depth + 1, w)
        os._exit(0)
    # This process can make no more threads, because clone(CLONE_THREAD) fails with EINVAL. Draws go on.
    os.write(w, gorandom.get_random_bytes(16))
    gorandom.fill(bytearray(400_000))
    gorandom.reseed()
    os.write(w, gorandom.get_random_bytes(16))
    assert os.waitpid(pid, 0)[1] == 0


r, w = os.pipe()
nested(0, w)
os.close(w)
data = b""
while part := os.read(r, 1 << 16):
    data += part
values = [data[i : i + 16] for i in range(0, len(data), 16)]
print(json.dumps({"tokens": len(values), "different": len(set(values)), "weak": sum(v.count(0) >= 8 for v in values)}))
