"""A kernel whose generator is not seeded yet, played by seccomp's listener. Apart from confine.py, because programs
that are short of memory import that."""

import errno
import fcntl
import os
import platform
import select
import socket
import struct

import confine

GRND_NONBLOCK = 1
VDSO_KEY = 32  # bytes


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
        getrandom = confine.CALLS[platform.machine()]["getrandom"]
        program = [(confine.LOAD, 0, 0, 0), (confine.JUMP_EQUAL, 0, 1, getrandom), (confine.ANSWER, 0, 0, USER_NOTIF),
                   (confine.ANSWER, 0, 0, confine.ALLOW)]  # fmt: skip
        listener = confine.filter_calls(program, NEW_LISTENER)
        socket.send_fds(self._theirs, [b"x"], [listener])
        os.close(listener)
        self._ours.close()
        self._theirs.close()

    def calls(self):
        """Yields each call's thread and whether it blocks, until the child ends.

        glibc's getrandom goes through the vDSO since 2.41, and the vDSO knows from the machine's own kernel that there is
        nothing to wait for: whatever the flags were, it asks for its key without any. That is no call that waits."""
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
                size, flags = struct.unpack_from("<QQ", call, 32 + 8)
                blocks = not flags & GRND_NONBLOCK and not (ready and size == VDSO_KEY)
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
