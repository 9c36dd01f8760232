"""The code that every worker of test_servers.py runs. It draws when it is imported, before its server forks."""

import collections
import itertools
import json
import os

import gorandom

TOKEN = 16  # bytes
BATCH = 250  # tokens a reply
PAGE = 16384  # bytes drawn beside each batch; a leak of them shows in the resident memory
LARGE_AT, LARGE = 10, 1_200_000  # before this reply a forked child draws enough to start its own core
SYSTEM_PAGE = os.sysconf("SC_PAGESIZE")


class Cached:
    """The deliberate fault: ready bytes in ordinary memory, which a fork copies."""

    def __init__(self):
        self._ready = b""

    def __call__(self, n):
        if len(self._ready) < n:
            self._ready = os.urandom(max(n, 1 << 16))
        drawn, self._ready = self._ready[:n], self._ready[n:]
        return drawn


class Leaking(list):
    """The deliberate fault: what was drawn stays in memory."""

    def __call__(self, n):
        self.append(gorandom.get_random_bytes(4 * n))
        return self[-1][:n]


draw = {"gorandom": gorandom.get_random_bytes, "system": os.urandom, "cached": Cached(),
        "leaking": Leaking()}[os.environ.get("ADVERSITY_DRAW", "gorandom")]  # fmt: skip
counts = collections.defaultdict(itertools.count)  # by process, because not every host runs Python's fork hooks


def batch():
    return b"".join([draw(TOKEN) for _ in range(BATCH)])


ancestor = batch()


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * SYSTEM_PAGE


def reply(*_):
    """One worker's answer to one request, for JSON."""
    number = next(counts[os.getpid()])
    if number == LARGE_AT:
        draw(LARGE)
    tokens = batch()
    draw(PAGE)
    state = gorandom._front.state()
    return {
        "pid": os.getpid(), "number": number, "mode": state["mode"], "reason": state["reason"], "resident": resident(),
        "tokens": tokens.hex(), "ancestor": ancestor.hex(),
    }  # fmt: skip


def emit(file, replies):
    for _ in range(replies):
        print(json.dumps(reply()), file=file)


def application(environ, start_response):
    """WSGI."""
    body = json.dumps(reply()).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
