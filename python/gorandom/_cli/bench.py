"""What ``python -m gorandom bench`` measures: calls, and the standard library's calls that they replace."""

import hmac
import os
import random
import secrets
import statistics
import time
import timeit
import uuid
from dataclasses import dataclass

import gorandom

from .. import hmac as our_hmac
from .. import random as our_random
from .. import secrets as our_secrets

ROUNDS, SLOT = 7, 0.018  # SLOT: seconds of one measurement, about three in all
QUICK_ROUNDS, QUICK_SLOT = 3, 0.004

KEY, MESSAGE = bytes(32), bytes(64)


@dataclass(frozen=True)
class Work:
    what: str
    ours: str
    """A statement, as theirs."""
    name: str
    """Of the other."""
    theirs: str


@dataclass(frozen=True)
class Row:
    what: str
    name: str
    ours: float
    """Seconds a call, the median of the rounds; and theirs."""
    theirs: float
    ratios: "tuple[float, ...]"
    """Theirs by ours, of each round."""


# The names that the statements use. What a program does once, before its loop, has been done here.
NAMES = {
    "get_random_bytes": gorandom.get_random_bytes,
    "uuid4": gorandom.uuid4,
    "uuid7": gorandom.uuid7,
    "our": gorandom.SystemRandom(),
    "their": random.SystemRandom(),
    "our_secrets": our_secrets,
    "our_random": our_random,
    "our_hmac": our_hmac,
    "prepared": our_hmac.Key(KEY, "sha256"),
    "begun": hmac.new(KEY, None, "sha256"),
    "cards": list(range(100)),
    "key": KEY,
    "message": MESSAGE,
    "hmac": hmac,
    "os": os,
    "random": random,
    "secrets": secrets,
    "uuid": uuid,
}

WORKS = [
    Work("16 bytes", "get_random_bytes(16)", "os.urandom", "os.urandom(16)"),
    Work("4 KiB", "get_random_bytes(4096)", "os.urandom", "os.urandom(4096)"),
    Work("1 MiB", "get_random_bytes(1 << 20)", "os.urandom", "os.urandom(1 << 20)"),
    Work("token_bytes()", "our_secrets.token_bytes()", "secrets", "secrets.token_bytes()"),
    Work("token_hex()", "our_secrets.token_hex()", "secrets", "secrets.token_hex()"),
    Work("randbelow(1000)", "our_secrets.randbelow(1000)", "secrets", "secrets.randbelow(1000)"),
    Work("random()", "our.random()", "SystemRandom", "their.random()"),
    Work("shuffle of 100", "our.shuffle(cards)", "SystemRandom", "their.shuffle(cards)"),
    Work("randrange(1000)", "our_random.randrange(1000)", "random *", "random.randrange(1000)"),
    Work("uuid4()", "uuid4()", "uuid", "uuid.uuid4()"),
    Work("HMAC-SHA-256", "our_hmac.digest(key, message, 'sha256')", "hmac.digest", "hmac.digest(key, message, 'sha256')"),
    Work("... by a kept key", "prepared.digest(message)", "hmac, copy()",
         "copy = begun.copy(); copy.update(message); copy.digest()"),
]  # fmt: skip
if hasattr(uuid, "uuid7"):
    WORKS.insert(-2, Work("uuid7()", "uuid7()", "uuid", "uuid.uuid7()"))


def _number(timer, slot):
    """Return the number of calls that take about as long as a slot."""
    number = 1
    while (taken := timer.timeit(number)) < slot / 4:
        number *= 4 if taken < slot / 16 else 2
    return max(1, round(number * slot / taken))


def measure(works, rounds, slot, clock=time.perf_counter):
    """Return a Row of each.

    The two calls of a row take turns, and so do the rounds of all rows. So a machine that slows down for a while does
    not distort a ratio.
    """
    timers = []
    for work in works:
        pair = [timeit.Timer(statement, globals=NAMES, timer=clock) for statement in (work.ours, work.theirs)]
        timers.append([(timer, _number(timer, slot)) for timer in pair])
    times = [([], []) for _ in works]
    for turn in range(rounds):
        for pair, found in zip(timers, times):
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                timer, number = pair[which]
                found[which].append(timer.timeit(number) / number)
    return [
        Row(work.what, work.name, statistics.median(ours), statistics.median(theirs),
            tuple(their / our for our, their in zip(ours, theirs)))
        for work, (ours, theirs) in zip(works, times)
    ]  # fmt: skip
