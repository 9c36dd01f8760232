"""Takes things away from a test program: system calls by seccomp, everything else by limits."""

import ctypes
import os
import platform
import struct
import sys

try:
    import resource
except ImportError:  # Windows has no limits to lower
    resource = None

CALLS = {
    "x86_64": dict(mmap=9, mprotect=10, madvise=28, mlock=149, clone=56, clone3=435, sigaltstack=131, getrandom=318),
    "aarch64": dict(mmap=222, mprotect=226, madvise=233, mlock=228, clone=220, clone3=435, sigaltstack=132, getrandom=278),
}
SECCOMP = {"x86_64": 317, "aarch64": 277}
MAP_ANONYMOUS = 0x20


def available():
    return platform.machine() in CALLS


def filter_calls(program, flags):
    """Installs a seccomp filter, as lines of classic BPF; what seccomp(2) answers."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in program))
    filter = ctypes.create_string_buffer(struct.pack("<H6xQ", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER = 38, 1
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    answer = libc.syscall(SECCOMP[platform.machine()], SECCOMP_SET_MODE_FILTER, flags, filter)
    if answer < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return answer


LOAD, JUMP_EQUAL, AND, ANSWER, ALLOW = 0x20, 0x15, 0x54, 0x06, 0x7FFF0000


def refuse(call, errno, argument=None, value=None, mask=0xFFFFFFFF, unless=False):
    """From now on call answers errno in all threads; where argument is given, only if that one, under mask,
    is value; unless: is not."""
    number = CALLS[platform.machine()][call]
    program = [(LOAD, 0, 0, 0)]
    if argument is None:
        program += [(JUMP_EQUAL, 0, 1, number)]
    else:
        program += [(JUMP_EQUAL, 0, 4, number), (LOAD, 0, 0, 16 + 8 * argument), (AND, 0, 0, mask)]
        program += [(JUMP_EQUAL, int(unless), int(not unless), value)]
    program += [(ANSWER, 0, 0, 0x00050000 | errno), (ANSWER, 0, 0, ALLOW)]
    TSYNC = 1
    filter_calls(program, TSYNC)


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


def hide_proc():
    """Give this process a mount namespace of its own, with an empty folder over /proc; end with 77 where that is refused.

    Not / is made private: in a chroot it is no mount."""
    CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
    if (
        libc.unshare(CLONE_NEWNS)
        or libc.mount(b"none", b"/proc", None, MS_REC | MS_PRIVATE, None)
        or libc.mount(b"none", b"/proc", b"tmpfs", 0, None)
    ):
        sys.exit(77)


def close_descriptors():
    """All but 0 to 2, and no new ones."""
    os.closerange(3, 4096)
    limit("NOFILE", 0)
