"""Takes things away from a test program: system calls by seccomp, everything else by limits."""

import ctypes
import os
import platform
import resource
import struct

CALLS = {
    "x86_64": dict(mmap=9, mprotect=10, madvise=28, mlock=149, clone=56, clone3=435, sigaltstack=131, getrandom=318),
    "aarch64": dict(mmap=222, mprotect=226, madvise=233, mlock=228, clone=220, clone3=435, sigaltstack=132, getrandom=278),
}
SECCOMP = {"x86_64": 317, "aarch64": 277}
MAP_ANONYMOUS = 0x20
GRND_NONBLOCK = 1


def available():
    return platform.machine() in CALLS


def refuse(call, errno, argument=None, value=None, mask=0xFFFFFFFF):
    """From now on call answers errno in all threads; where argument is given, only if that one, under mask,
    is value."""
    number = CALLS[platform.machine()][call]
    load, jump_equal, and_, answer = 0x20, 0x15, 0x54, 0x06
    allow, error = 0x7FFF0000, 0x00050000 | errno
    program = [(load, 0, 0, 0)]
    if argument is None:
        program += [(jump_equal, 0, 1, number)]
    else:
        program += [(jump_equal, 0, 4, number), (load, 0, 0, 16 + 8 * argument), (and_, 0, 0, mask), (jump_equal, 0, 1, value)]
    program += [(answer, 0, 0, error), (answer, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in program))
    filter = ctypes.create_string_buffer(struct.pack("<H6xQ", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER, TSYNC = 38, 1, 1
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if libc.syscall(SECCOMP[platform.machine()], SECCOMP_SET_MODE_FILTER, TSYNC, filter):
        raise OSError(ctypes.get_errno(), "seccomp")


def limit(name, value):
    number = getattr(resource, "RLIMIT_" + name)
    resource.setrlimit(number, (value, resource.getrlimit(number)[1]))


def memory(field):
    """A size from /proc/self/status, in bytes."""
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def close_descriptors():
    """All but 0 to 2, and no new ones."""
    os.closerange(3, 4096)
    limit("NOFILE", 0)
