"""A Python signal handler forks between the chunks of a large draw: test_clone.py runs this."""

import os
import signal
import sys

import child

import gorandom

tally, pids, parent = child.Tally(), [], os.getpid()
buffer = bytearray(64 << 20)
untouched = b"\xaa" * 16
early = False


def handler(signo, frame):
    global early
    if buffer[-16:] == untouched:  # the draw has not ended
        pid = os.fork()
        early = pid == 0
        if early and sys.argv[1:]:
            gorandom.get_random_bytes(16)
        if pid:
            pids.append(pid)


signal.signal(signal.SIGALRM, handler)
gorandom.get_random_bytes(16)
while len(pids) < 4:
    buffer[-16:] = untouched
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    gorandom.fill(buffer)
    signal.setitimer(signal.ITIMER_REAL, 0)
    pieces = [bytes(buffer[i : i + 16]) for i in range(0, 64 << 20, 300_000)]
    if early:
        child.end(lambda: tally.send(*pieces, gorandom.get_random_bytes(16)))
    tally.add(*pieces)
tally.reap(*pids)
tally.report()
