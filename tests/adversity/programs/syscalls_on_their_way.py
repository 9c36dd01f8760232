"""Delay the core's threads while they start, and check when the draw returns: test_syscalls.py runs this."""

import array
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import time

import confine
import faults


def ask(which):
    if which == "made":  # glibc's call in a new thread before it registers a restartable sequence
        return faults.ask_about("set_robust_list")
    if which == "masked":
        return faults.ask_about("rt_sigprocmask")
    low, high = 16 + 8, 16 + 8 + 4  # a question about the mask, as the core's threads ask before they enter Go
    program = [
        (confine.LOAD, 0, 0, 0),
        (confine.JUMP_EQUAL, 0, 4, faults.number("rt_sigprocmask")),
        (confine.LOAD, 0, 0, low),
        (confine.JUMP_EQUAL, 0, 2, 0),
        (confine.LOAD, 0, 0, high),
        (confine.JUMP_EQUAL, 1, 0, 0),
        (confine.ANSWER, 0, 0, confine.ALLOW),
        (confine.ANSWER, 0, 0, faults.NOTIFY),
    ]
    return confine.filter_calls(program, faults.LISTENER | faults.TSYNC | faults.TSYNC_ESRCH)


def blocks_sigsys(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status") as f:
        mask = next(int(line.split()[1], 16) for line in f if line.startswith("SigBlk:"))
    return bool(mask >> signal.SIGSYS - 1 & 1)


faults.preload()
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
pid = os.fork()
if pid == 0:
    import gorandom

    socket.send_fds(theirs, [b"listener"], [ask(sys.argv[1])])
    gorandom.get_random_bytes(16)
    theirs.send(b"drawn")
    faults.send(theirs, mode=gorandom.status().mode)
    theirs.recv(1)
    os._exit(0)
listener = socket.recv_fds(ours, 100, 1)[1][0]
held, asked, early, mode = {}, 0, False, None
known, blocked = {pid}, 0
while mode is None:
    now = time.monotonic()
    for id in [id for id, until in held.items() if until <= now]:
        del held[id]
        fcntl.ioctl(listener, faults.SEND, array.array("B", struct.pack("<QqiI", id, 0, 0, faults.CONTINUE)))
    ready = select.select([listener, ours], [], [], max(0, min(held.values()) - now) if held else None)[0]
    if listener in ready:
        request = array.array("B", bytes(80))
        fcntl.ioctl(listener, faults.RECEIVE, request)
        id, thread = struct.unpack_from("<QI", request)
        asked += thread != pid
        blocked += thread in known - {pid} and blocks_sigsys(pid, thread)
        known.add(thread)  # a thread's first query is glibc's, which starts threads with all signals blocked
        held[id] = 0 if thread == pid or sys.argv[1] == "masked" else now + 0.05 * asked  # so that they don't come all at once
    elif ours in ready:
        message = ours.recv(100)
        if message == b"drawn":
            early = bool(held)
        else:
            mode = json.loads(message)["mode"]
ours.send(b".")
print(json.dumps({"mode": mode, "asked": asked, "early": early, "blocked": blocked, "ended": os.waitpid(pid, 0)[1]}))
