"""A first draw where memory is locked in advance. Run by test_limits.py with: the flags for mlockall(2), "import" or "draw",
before which it is called, and the limit of locked memory in MiB, at most, for a process without CAP_IPC_LOCK; 0: with it.

Prints by how many MiB the memory in use has grown, at most, at the import and at the draws; what serves; and the same
of a child, whose memory is not locked."""

import ctypes
import json
import os
import resource
import struct
import sys

import confine

flags, when, limit = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
CAP_IPC_LOCK = 14


def give_up_the_right():
    header = struct.pack("<Ii", 0x20080522, 0)
    sets = ctypes.create_string_buffer(24)
    assert libc.capget(header, sets) == 0
    words = list(struct.unpack("<6I", sets.raw))
    for i in range(2):  # effective, permitted
        words[i] &= ~(1 << CAP_IPC_LOCK)
    assert libc.capset(header, struct.pack("<6I", *words)) == 0


def lock():
    if limit:
        soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
        if not 0 <= soft < limit << 20:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit << 20, hard))
        give_up_the_right()
    if libc.mlockall(flags):
        print(json.dumps(os.strerror(ctypes.get_errno())))
        sys.exit()


def grown(before):
    return (confine.memory("VmHWM") - before) >> 20


if when == "import":
    lock()
before = confine.memory("VmHWM")
import gorandom  # noqa: E402

at_import = grown(before)
str(gorandom.status())
if when == "draw":
    lock()
before = confine.memory("VmHWM")
tokens = {gorandom.get_random_bytes(16) for _ in range(1000)}
gorandom.fill(bytearray(300_000))
assert len(tokens) == 1000
at_draws = grown(before)
status = gorandom.status()
pid = os.fork()
if not pid:
    gorandom.fill(bytearray(300_000))
    print(json.dumps([at_import, at_draws, status.reason or "core", gorandom.status().reason or "core"]), flush=True)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
