"""Makes a process's system calls fail, one by one: the n-th call of a name, or each from now on, with any errno.

Each case is a child of this program, which has not imported gorandom. The child prepares itself, and installs a seccomp
filter for all its threads that asks this program about every call of that name (seccomp_unotify(2), Linux 5.7). Then it
does the phase under test, reports the outcome, and draws once more when nothing fails any longer. The parent answers the
calls, counts them, and judges. The two talk by sendmsg(2) and recvmsg(2), which are never asked about."""

import array
import collections
import errno
import fcntl
import importlib
import json
import os
import platform
import select
import signal
import socket
import struct
import sys
import time
import traceback

import confine

# x86_64, aarch64; None: the processor has no such call
NUMBERS = {
    "access": (21, None), "clock_gettime": (228, 113), "clock_nanosleep": (230, 115), "clone": (56, 220),
    "clone3": (435, 435), "close": (3, 57), "dup": (32, 23), "dup3": (292, 24), "epoll_create1": (291, 20), "eventfd2": (290, 19),
    "fchmod": (91, 52), "fcntl": (72, 25), "flock": (73, 32), "fork": (57, None), "fstat": (5, 80), "fsync": (74, 82), "futex": (202, 98),
    "getcwd": (79, 17), "getdents64": (217, 61), "geteuid": (107, 175), "getpid": (39, 172), "getrandom": (318, 278), "getuid": (102, 174),
    "gettid": (186, 178), "ioctl": (16, 29), "lseek": (8, 62), "madvise": (28, 233), "mincore": (27, 232),
    "mlock": (149, 228), "mmap": (9, 222), "mprotect": (10, 226), "mremap": (25, 216), "munlock": (150, 229), "munmap": (11, 215), "nanosleep": (35, 101),
    "newfstatat": (262, 79), "open": (2, None), "openat": (257, 56), "poll": (7, None), "ppoll": (271, 73), "prctl": (157, 167),
    "pread64": (17, 67), "prlimit64": (302, 261), "read": (0, 63), "readlink": (89, None), "renameat": (264, 38),
    "rseq": (334, 293), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124), "set_robust_list": (273, 99), "sigaltstack": (131, 132), "stat": (4, None), "tgkill": (234, 131),
    "umask": (95, 166), "uname": (63, 160), "unlinkat": (263, 35), "wait4": (61, 260), "write": (1, 64),
    "arch_prctl": (158, None), "brk": (12, 214), "getgid": (104, 176), "getegid": (108, 177), "lstat": (6, None), "pidfd_open": (434, 434),
    "set_tid_address": (218, 96), "exit": (60, 93), "pipe2": (293, 59), "membarrier": (324, 283),
}  # fmt: skip
AT = {"x86_64": 0, "aarch64": 1}
SENDMSG, RECVMSG, EXIT_GROUP, SIGRETURN = {"x86_64": (46, 47, 231, 15), "aarch64": (211, 212, 94, 139)}[platform.machine()]
OWN = {"x86_64": {51, 53}, "aarch64": {199, 204}}[platform.machine()]  # socketpair and getsockname: the fork phase's
PATIENCE = 20  # seconds until a case counts as hung

NOTIFY, LISTENER, TSYNC, TSYNC_ESRCH = 0x7FC00000, 8, 1, 16
RECEIVE, SEND = 0xC0502100, 0xC0182101  # ioctls: struct seccomp_notif has 80 bytes, seccomp_notif_resp 24
CONTINUE = 1
KILL = "kill"  # in place of an errno: the process dies at that call


def number(call):
    return NUMBERS[call][AT[platform.machine()]]


def names():
    return {numbers[AT[platform.machine()]]: name for name, numbers in NUMBERS.items()}


def ask_about(call):
    """The descriptor on which every call of that name is asked about from now on; with None, every call but our own."""
    if call is None:
        program = [(confine.LOAD, 0, 0, 0)]
        for spared in (SENDMSG, RECVMSG, EXIT_GROUP, SIGRETURN):
            program += [(confine.JUMP_EQUAL, 0, 1, spared), (confine.ANSWER, 0, 0, confine.ALLOW)]
        program += [(confine.ANSWER, 0, 0, NOTIFY)]
    else:
        program = [(confine.LOAD, 0, 0, 0), (confine.JUMP_EQUAL, 0, 1, number(call)), (confine.ANSWER, 0, 0, NOTIFY),
                   (confine.ANSWER, 0, 0, confine.ALLOW)]  # fmt: skip
    return confine.filter_calls(program, LISTENER | TSYNC | TSYNC_ESRCH)


def send(sock, **message):
    sock.sendmsg([json.dumps(message).encode()])


class Phase:
    """before() must not fail; body() is under test; afterwards() runs when nothing fails any longer. Both give tokens."""

    def __init__(self, before, body, afterwards):
        self.before, self.body, self.afterwards = before, body, afterwards


def in_the_child(phase, call, sock):
    phase.before()
    listener = ask_about(call)
    socket.send_fds(sock, [b"listener"], [listener])
    try:
        send(sock, tokens=[t.hex() for t in phase.body()])
    except BaseException as e:
        # Making the text may need calls that fail, to import a module or to get memory.
        send(sock, raised=type(e).__name__, kinds=[k.__name__ for k in type(e).__mro__], text=str(e)[:200])
    send(sock, after=[t.hex() for t in phase.afterwards()])
    os._exit(0)


class Case:
    """The outcome of one child: .ended, .outcome (tokens or raised), .after, .asked (calls), .failed (of them)."""

    def __init__(self, phase, call, error=None, nth=None):
        self.call, self.error, self.nth = call, error, nth
        self.asked, self.failed, self.by_name = 0, 0, collections.Counter()
        self.outcome = self.after = self.ended = None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        errors = os.memfd_create("stderr")
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.dup2(errors, 2)
                ours.close()
                in_the_child(phase, call, theirs)
            except BaseException:
                traceback.print_exc()
                os._exit(70)
        theirs.close()
        self.pid = pid
        self.supervise(ours)
        ours.close()
        self.stderr = os.pread(errors, 4000, 0).decode(errors="replace")
        os.close(errors)

    def __str__(self):
        which = "each" if self.nth is None else f"number {self.nth}"
        return f"{self.call} {errno.errorcode.get(self.error, self.error)} ({which}; {self.failed} of {self.asked} failed)"

    def supervise(self, sock):
        pidfd = os.pidfd_open(self.pid)
        listener = None
        poll = select.poll()
        for fd in (pidfd, sock):
            poll.register(fd, select.POLLIN)
        end = time.monotonic() + PATIENCE
        while True:
            ready = {fd for fd, _ in poll.poll(max(0, 1000 * (end - time.monotonic())))}
            if not ready or time.monotonic() > end:
                self.ended = "hung: " + self.where()
                break
            if sock.fileno() in ready:
                if not self.hear(sock):
                    poll.unregister(sock)
                elif isinstance(self.outcome, int):
                    listener, self.outcome = self.outcome, None
                    poll.register(listener, select.POLLIN)
            elif pidfd in ready:
                break
            elif not self.answer(listener):
                poll.unregister(listener)
        os.killpg(self.pid, signal.SIGKILL) if self.ended else None
        status = os.waitpid(self.pid, 0)[1]
        self.ended = self.ended or os.waitstatus_to_exitcode(status)
        for fd in (pidfd, listener):
            if fd is not None:
                os.close(fd)

    def hear(self, sock):
        data, fds, _, _ = socket.recv_fds(sock, 1 << 16, 1)
        if fds:
            self.outcome = fds[0]
        elif data:
            message = json.loads(data)
            if "after" in message:
                self.after = message["after"]
            else:
                self.outcome = message
        return bool(data)

    def answer(self, listener):
        request = array.array("B", bytes(80))
        try:
            fcntl.ioctl(listener, RECEIVE, request)
        except OSError as e:  # ENOENT: its thread was killed or got a signal
            return e.errno in (errno.ENOENT, errno.EINTR)
        id, _, _, call = struct.unpack_from("<QIIi", request)
        error = flags = 0
        if self.outcome is None:
            self.asked += 1
            self.by_name[call] += 1
            if self.error is not None and self.nth in (None, self.asked):
                self.failed += 1
                if self.error == KILL:
                    os.kill(self.pid, signal.SIGKILL)
                else:
                    error = self.error
        if not error:
            flags = CONTINUE
        try:
            fcntl.ioctl(listener, SEND, array.array("B", struct.pack("<QqiI", id, 0, -error, flags)))
        except OSError:
            pass
        return True

    def where(self):
        found = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/syscall") as f:
                found.append(f.read().strip())
        return "; ".join(found)


class Judge:
    """Judges many cases: checks the rules for each, and collects what is wrong."""

    CLEAR = {"OSError", "MemoryError", "ImportError", "RuntimeError", "SeedFileError"}

    def __init__(self):
        self.seen, self.wrong, self.ways, self.cases = set(), [], collections.Counter(), 0

    def token(self, case, hex):
        if hex in self.seen or bytes.fromhex(hex).count(0) >= 8:
            self.wrong.append(f"{case}: a token that is weak or came twice: {hex}")
        self.seen.add(hex)

    def judge(self, case):
        self.cases += 1
        if case.ended != 0 or case.stderr:
            self.wrong.append(f"{case}: ended with {case.ended} after {case.outcome}; {case.stderr[-1500:]}")
        elif "raised" in case.outcome:
            self.ways[case.outcome["raised"]] += 1
            if case.call == "read" and case.error == errno.EAGAIN and case.outcome["raised"] == "TypeError":
                return case  # from Python's own reading of a module
            if not self.CLEAR & set(case.outcome["kinds"]) or not (case.outcome["text"] or case.outcome["raised"] == "MemoryError"):
                self.wrong.append(f"{case}: {case.outcome}")
        else:
            self.ways["works"] += 1
            for t in case.outcome["tokens"]:
                self.token(case, t)
        for t in case.after or ():
            self.token(case, t)
        return case

    def report(self, **more):
        print(json.dumps(dict(cases=self.cases, ways=self.ways, wrong=self.wrong, **more)), flush=True)


def preload():
    """Imports what gorandom uses of the standard library, so that a case need not."""
    for name in ("bisect", "dataclasses", "functools", "hashlib", "hmac", "importlib.metadata", "operator", "random", "secrets",
                 "select", "threading", "uuid", "warnings"):  # fmt: skip
        importlib.import_module(name)
    assert "gorandom" not in sys.modules
