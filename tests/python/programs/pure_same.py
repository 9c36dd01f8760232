"""Prints what gorandom's front makes from given bytes and a given clock. Run by test_pure.py, once for each front."""

import io
import json
import random

import script

import gorandom
from gorandom import _front, secrets

script.clock(1_700_000_000_123)
DATA = random.Random(1).randbytes(4000)


def filled(n):
    buffer = bytearray(n)
    gorandom.fill(buffer)
    return buffer.hex()


def shuffled(r, n):
    items = list(range(n))
    r.shuffle(items)
    return items


r = gorandom.SystemRandom()
WORKS = {
    "get_random_bytes": lambda: [gorandom.get_random_bytes(n).hex() for n in (0, 1, 16, 300)],
    "urandom": lambda: [gorandom.urandom(n).hex() for n in (0, 1, 16, 300)],
    "fill": lambda: [filled(n) for n in (0, 1, 16, 300)],
    "new": lambda: gorandom.new().read(33).hex(),
    "uuid4": lambda: [str(gorandom.uuid4()) for _ in range(3)],
    "uuid7": lambda: [str(gorandom.uuid7()) for _ in range(30)],
    "uuid7 of a time": lambda: [str(gorandom.uuid7(timestamp=t)) for t in (0, 1, (1 << 48) - 1)],
    "token_bytes": lambda: [secrets.token_bytes(n).hex() for n in (0, 1, 32, None)],
    "token_hex": lambda: [secrets.token_hex(n) for n in (0, 1, 32, None)],
    "token_urlsafe": lambda: [secrets.token_urlsafe(n) for n in (0, 1, 2, 3, 32, None)],
    "randbits": lambda: [secrets.randbits(k) for k in (0, 1, 63, 64, 65, 300)],
    "randbelow": lambda: [secrets.randbelow(n) for n in (1, 2, 1000, 1 << 63, 1 << 70)],
    "secrets.choice": lambda: [secrets.choice(s) for s in ("abc", [1, 2, 3], range(1000))],
    "random": lambda: [r.random() for _ in range(9)],
    "getrandbits": lambda: [r.getrandbits(k) for k in (0, 1, 63, 64, 65, 2049)],
    "randrange": lambda: [r.randrange(7), r.randrange(-9, 9), r.randrange(0, 1 << 70, 3)],
    "randint": lambda: [r.randint(1, 6) for _ in range(9)],
    "choice": lambda: [r.choice("letters"), r.choice(range(1 << 40))],
    "choices": lambda: r.choices(range(9), k=9),
    "shuffle": lambda: [shuffled(r, n) for n in (0, 1, 2, 50)],
    "sample": lambda: [r.sample(range(100), k) for k in (0, 1, 5, 6, 21, 100)],
    "sample of many": lambda: [r.sample(range(1 << 20), 9), r.sample("letters", counts=[2] * 7, k=4)],
    "gauss": lambda: [r.gauss(), r.uniform(1, 2), r.betavariate(1, 2)],
    "randbytes": lambda: r.randbytes(20).hex(),
}
found = {"mode": _front.state()["mode"]}
for name, work in WORKS.items():
    if found["mode"] == "system":
        _front._system = io.BytesIO(DATA).read
    else:
        script.feed(DATA)
    found[name] = work()
print(json.dumps(found))
