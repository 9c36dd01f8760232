"""Press Control-C while a command of the command line waits for the kernel: test_cli.py runs this."""

import argparse
import errno
import os
import signal
import threading

import confine

confine.refuse("getrandom", errno.EAGAIN)
waiting = threading.Event()


def press():
    # Only once it waits. Until then Python's own start handles the signal.
    while not waiting.wait(0.01):
        pass
    while not threading.Event().wait(0.05):
        os.kill(os.getpid(), signal.SIGINT)


threading.Thread(target=press, daemon=True).start()
from gorandom._cli import draw  # noqa: E402

from gorandom import _uuid, secrets  # noqa: E402, F401  what the commands import

parser = argparse.ArgumentParser(prog="gorandom")
draw.add_commands(parser.add_subparsers(required=True))
options = parser.parse_args()
waiting.set()
os._exit(options.function(options))
