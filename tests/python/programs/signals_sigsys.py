"""Where draws come from while a SIGSYS handler is installed, and in a child. Run by test_signals.py."""

import json
import os
import signal
import sys


def install():
    signal.signal(signal.SIGSYS, lambda signo, frame: None)


if sys.argv[1] == "before":
    install()
import gorandom  # noqa: E402


def draw():
    # The outcome of a draw, and whether it came from the core.
    before = gorandom._front.state()["direct_bytes"]
    gorandom.fill(bytearray(300_000))
    gorandom.reseed()
    gorandom.add_event(b"x")
    status = gorandom.status()
    return [status.mode, status.reason, gorandom._front.state()["direct_bytes"] == before]


found = {}
if sys.argv[1] == "after":
    found["before"] = draw()
    install()
found["handler"] = draw()
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(write, json.dumps(draw()).encode())
    os._exit(0)
found["child"] = json.loads(os.read(read, 4096))
found["ended"] = os.waitpid(pid, 0)[1]
if sys.argv[1] == "after":
    signal.signal(signal.SIGSYS, signal.SIG_DFL)
    found["after"] = draw()
print(json.dumps(found))
