"""A host waits for signals while threads draw, and counts those that it does not get. Run by test_signals.py."""

import ctypes
import json
import os
import signal
import struct
import sys
import threading

way = sys.argv[1]
signals = [signal.SIGCHLD, signal.SIGTERM, signal.SIGPROF, signal.SIGHUP, signal.SIGSYS]
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
import gorandom  # noqa: E402

gorandom.fill(bytearray(300_000))


def draw():
    buffer = bytearray(100_000)
    while True:
        gorandom.fill(buffer)


for _ in range(2):
    threading.Thread(target=draw, daemon=True).start()
if way == "signalfd":
    mask = struct.pack("=128s", sum(1 << s - 1 for s in signals).to_bytes(8, "little"))
    fd = ctypes.CDLL(None).signalfd(-1, mask, 0)


def wait():
    if way == "signalfd":
        return struct.unpack_from("I", os.read(fd, 128))[0]
    got = signal.sigtimedwait(signals, 10)
    return got and got.si_signo


lost = 0
for i in range(200):
    signo = signals[i % len(signals)]
    if signo == signal.SIGCHLD:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        lost += wait() != signo
        os.waitpid(pid, 0)
    else:
        os.kill(os.getpid(), signo)
        lost += wait() != signo
print(json.dumps({"lost": lost}), flush=True)
os._exit(0)
