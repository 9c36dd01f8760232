"""Takes things away from a test program: system calls by seccomp, everything else by limits."""

import ctypes
import errno
import fcntl
import os
import platform
import resource
import select
import socket
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


def refuse(call, errno, argument=None, value=None, mask=0xFFFFFFFF):
    """From now on call answers errno in all threads; where argument is given, only if that one, under mask,
    is value."""
    number = CALLS[platform.machine()][call]
    program = [(LOAD, 0, 0, 0)]
    if argument is None:
        program += [(JUMP_EQUAL, 0, 1, number)]
    else:
        program += [(JUMP_EQUAL, 0, 4, number), (LOAD, 0, 0, 16 + 8 * argument), (AND, 0, 0, mask), (JUMP_EQUAL, 0, 1, value)]
    program += [(ANSWER, 0, 0, 0x00050000 | errno), (ANSWER, 0, 0, ALLOW)]
    TSYNC = 1
    filter_calls(program, TSYNC)


class UnseededKernel:
    """A kernel for the child of a fork, whose generator is seeded as Linux seeds it since 5.4: while somebody
    blocks in getrandom(2). Its parent answers the system call.

        kernel = UnseededKernel()
        child = os.fork()
        if not child:
            kernel.enter()      # from now on, for this thread and those that it makes
            ...
        for tid, blocks in kernel.calls():
            ...                 # the call is answered when the next one is asked for
    """

    def __init__(self, seeds=True):
        self._ours, self._theirs = socket.socketpair()
        self._seeds = seeds  # does a caller that blocks make it ready? Else it waits for ever

    def enter(self):
        NEW_LISTENER, USER_NOTIF = 8, 0x7FC00000
        listener = filter_calls([(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1, CALLS[platform.machine()]["getrandom"]),
                                 (ANSWER, 0, 0, USER_NOTIF), (ANSWER, 0, 0, ALLOW)], NEW_LISTENER)  # fmt: skip
        socket.send_fds(self._theirs, [b"x"], [listener])
        os.close(listener)
        self._ours.close()
        self._theirs.close()

    def calls(self):
        """Yields each call's thread and whether it blocks, until the child ends."""
        self._theirs.close()
        fds = socket.recv_fds(self._ours, 1, 1)[1]
        if not fds:
            return
        listener, ready = fds[0], False
        RECV, SEND, CONTINUE = 0xC0502100, 0xC0182101, 1
        try:
            while True:
                events = select.poll()
                events.register(listener, select.POLLIN)
                if not events.poll()[0][1] & select.POLLIN:
                    return
                call = bytearray(80)  # struct seccomp_notif
                try:
                    fcntl.ioctl(listener, RECV, call)
                except OSError as e:
                    if e.errno == errno.ENOENT:  # it was killed meanwhile
                        continue
                    raise
                ident, tid = struct.unpack_from("<QI", call)
                blocks = not struct.unpack_from("<Q", call, 32 + 16)[0] & GRND_NONBLOCK
                yield tid, blocks
                if blocks and not self._seeds:
                    continue
                ready = ready or blocks
                answer = (ident, 0, 0, CONTINUE) if ready else (ident, 0, -errno.EAGAIN, 0)
                try:
                    fcntl.ioctl(listener, SEND, bytearray(struct.pack("<QqiI", *answer)))
                except OSError as e:
                    if e.errno != errno.ENOENT:
                        raise
        finally:
            os.close(listener)


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
