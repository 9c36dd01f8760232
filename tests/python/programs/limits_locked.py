"""A first draw where memory is locked in advance. Run by test_limits.py with three arguments: the flags for mlockall(2);
"import" or "draw", before which mlockall is called, or "full" for a draw when no more can be locked; and the limit of locked
memory in MiB for a process without CAP_IPC_LOCK, or 0 for one with it.

Prints the largest growth of the memory in use, in MiB, at the import and at the draws; what serves; and the same for a
child, whose memory is not locked."""

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


def fill_up():
    """Map as much as may be locked, in pieces of half the size each time. Return their places."""
    PROT_NONE, MAP_PRIVATE = 0, 2
    libc.mmap.restype = ctypes.c_void_p
    places, size = [], 32 << 20
    while size >= 4096:
        place = libc.mmap(None, ctypes.c_size_t(size), PROT_NONE, MAP_PRIVATE | confine.MAP_ANONYMOUS, -1, ctypes.c_long(0))
        if place == ctypes.c_void_p(-1).value:
            size //= 2
        else:
            places.append((place, size))
    return places


def grown(before):
    return (confine.memory("VmHWM") - before) >> 20


if when == "import":
    lock()
before = confine.memory("VmHWM")
import gorandom  # noqa: E402

at_import = grown(before)
buffer = bytearray(300_000)
str(gorandom.status())
if when != "import":
    lock()
taken = fill_up() if when == "full" else []
before = confine.memory("VmHWM")
tokens = {gorandom.get_random_bytes(16) for _ in range(1000)}
gorandom.fill(buffer)
assert len(tokens) == 1000
at_draws = grown(before)
status = gorandom.status()
for place in taken:
    libc.munmap(ctypes.c_void_p(place[0]), ctypes.c_size_t(place[1]))
pid = os.fork()
if not pid:
    gorandom.fill(buffer)
    print(json.dumps([at_import, at_draws, status.reason or "core", gorandom.status().reason or "core"]), flush=True)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
