"""Counts the runs of a Python handler during one long draw. Run by test_signals.py."""

import json
import signal

import gorandom

seen = 0


def handler(signo, frame):
    global seen
    seen += 1


gorandom.get_random_bytes(16)
buffer = bytearray(256 << 20)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
gorandom.fill(buffer)
during = seen
signal.setitimer(signal.ITIMER_REAL, 0)
print(json.dumps({"during": during}))
