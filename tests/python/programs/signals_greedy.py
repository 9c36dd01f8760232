"""Draws under signals whose C handler uses much stack. Run by test_signals.py."""

import ctypes
import json
import os
import signal
import sys
import threading

import child

import gorandom

library = child.helper()
handled, astray = (ctypes.c_long.in_dll(library, name) for name in ("host_handled", "host_astray"))
gorandom.get_random_bytes(16)
library.host_signals(100, ctypes.c_size_t(100 << 10))


def draw():
    library.host_here()
    buffer = bytearray(100_000)
    small, large = memoryview(buffer)[:700], memoryview(buffer)
    while handled.value < 3000 and not astray.value:
        for _ in range(50):
            gorandom.fill(small)
        gorandom.fill(large)
        gorandom.reseed()
        gorandom.status()


if sys.argv[1] == "main":
    draw()
else:
    threads = [threading.Thread(target=draw) for _ in range(3)]
    for t in threads:
        t.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGPROF])
    for t in threads:
        t.join()
library.host_quiet()
pid = os.fork()
if pid == 0:
    gorandom.fill(bytearray(300_000))
    os._exit(0)
print(json.dumps({"handled": handled.value, "astray": astray.value, "child": os.waitpid(pid, 0)[1]}))
