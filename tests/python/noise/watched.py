"""What a program writes to watched.c's devices, and processes that are copies of it."""

import ctypes
import mmap
import os
import platform
import select
import struct

MARKER, FLAGS, COUNTER = 16, 24, 104  # offsets of linux/vmclock-abi.h
GENERATION = 1 << 8  # flags: VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT
CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine())  # the number of clone(2)
SIGCHLD, SIGKILL = 17, 9
PATIENCE, TRIES = 5, 4


def page(magic=0x4B4C4356, size=4096, version=1, sequence=6, marker=41, flags=0, counter=7):
    """The bytes of a vmclock page."""
    head = struct.pack("<IIHBBIQQ", magic, size, version, 0xFF, 0, sequence, marker, flags)
    return (head.ljust(COUNTER, b"\0") + struct.pack("<Q", counter)).ljust(4096, b"\0")


class Device:
    """A file as the monitor sees it."""

    def __init__(self, path):
        with open(path, "r+b") as f:
            self.memory = mmap.mmap(f.fileno(), 4096)

    def write(self, at, form, value):
        struct.pack_into(form, self.memory, at, value)

    def restore(self):
        """What QEMU does to a vmclock page when a saved state has been loaded."""
        sequence, marker = struct.unpack_from("<IQ", self.memory, 12)
        self.write(12, "<I", sequence + 1)
        self.write(MARKER, "<Q", marker + 1)
        self.write(12, "<I", sequence + 2)


def devices():
    """(vmclock's, sysgenid's), for those that there are."""
    return [Device(os.environ[n]) if n in os.environ else None for n in ("WATCHED_VMCLOCK", "WATCHED_SYSGENID")]


def copy(draw):
    """draw() in a copy of this process, which no fork handler saw and from which nothing was wiped: bytes.

    A restored machine has all its threads, and this copy only one. If another was at work in the core's Go runtime at that
    moment, the copy waits for it for ever, and another is made.
    """
    for _ in range(TRIES):
        r, w = os.pipe()
        pid = ctypes.CDLL(None, use_errno=True).syscall(CLONE, SIGCHLD, 0, 0, 0, 0)
        if not pid:
            try:
                os.write(w, draw())
            finally:
                os._exit(0)
        os.close(w)
        with os.fdopen(r, "rb") as f:
            if select.select([f], [], [], PATIENCE)[0]:
                drawn = f.read()
                assert os.waitpid(pid, 0)[1] == 0
                return drawn
        os.kill(pid, SIGKILL)
        os.waitpid(pid, 0)
    raise AssertionError(f"{TRIES} copies hang")
