"""Each system call of table.py, trapped in turn to a SIGSYS handler that makes it (noise/trapped.c).

Each case is a child of this program, which has not imported gorandom. After each step it reports what it drew. The
control does the same steps with os.urandom and Python's own hmac. A step that ends the control would end any program
(glibc blocks all signals where it makes threads and forks), so it is left out of the case."""

import collections
import ctypes
import hashlib
import hmac
import json
import os
import threading

import apart
import faults
from table import ERRORS

CALLS = [call for call in [*ERRORS, "brk", "futex"] if faults.number(call) is not None]
SIZE = 4 << 20


class Control:
    def get_random_bytes(self, n):
        return os.urandom(n)

    def fill(self, buffer):
        buffer[:] = os.urandom(len(buffer))

    def others(self):
        hmac.digest(b"key", b"message", "sha512")

    def check(self):
        pass


class Ours:
    def __init__(self):
        import gorandom.hmac

        self.get_random_bytes, self.fill, self.gorandom = gorandom.get_random_bytes, gorandom.fill, gorandom

    def others(self):
        self.gorandom.reseed()
        self.gorandom.add_event(b"an event")
        assert self.gorandom.hmac.digest(b"key", b"message", "sha512") == hmac.digest(b"key", b"message", "sha512")

    def check(self):
        status = self.gorandom.status()
        never = os.environ["GORANDOM_START"] == "never"
        assert status.mode == "direct" and (never or "SIGSYS" in status.reason), (status.mode, status.reason)


def draws(source, say):
    buffer = bytearray(SIZE)
    source.fill(buffer)
    say(source.get_random_bytes(16), bytes(buffer[:16]), bytes(buffer[-16:]))
    source.others()


def in_a_thread(source, say):
    thread = threading.Thread(target=lambda: say(source.get_random_bytes(16)))
    thread.start()
    thread.join()


def in_a_child(source, say):
    pid = os.fork()
    if pid == 0:
        say(source.get_random_bytes(16))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


STEPS = {"draws": draws, "thread": in_a_thread, "fork": in_a_child}
WHENS = ["before the import", "before the first draw", "after the first draw"]


def case(say, number, when, steps, library):
    source = {"control": Control, "before the import": lambda: None}.get(when, Ours)()
    if when == "after the first draw":
        say(source.get_random_bytes(16))
    assert library.trapped_handler() == 0 and library.trapped_call(number) == 0
    source = source or Ours()
    for name in steps:
        STEPS[name](source, say)
    source.check()


def try_all(when, library):
    faults.preload()
    hashlib.sha512()  # loads what it needs
    library = ctypes.CDLL(library)
    seen, wrong, left_out = collections.Counter(), [], []
    for call in CALLS:
        number = faults.number(call)
        steps = list(STEPS)
        if apart.run(case, number, "control", steps, library)[0] != 0:
            steps = [name for name in STEPS if apart.run(case, number, "control", [name], library)[0] == 0]
            left_out += [f"{call}: {name}" for name in STEPS if name not in steps]
        ended, tokens = apart.run(case, number, when, steps, library)
        if ended != 0:
            wrong.append(f"{call}: ended with {ended}, after {len(tokens)} tokens")
        seen.update(tokens)
    print(json.dumps({"calls": len(CALLS), "left out": left_out, "wrong": wrong, "tokens": seen.total(),
                      "repeats": seen.total() - len(seen)}), flush=True)  # fmt: skip
