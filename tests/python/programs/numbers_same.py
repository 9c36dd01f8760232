"""Finds where gorandom's numbers differ from the standard library's from the same bytes. Run by test_numbers.py."""

import json
import operator
import random
import secrets as stdlib

import script

import gorandom
from gorandom import random as strong
from gorandom import secrets

script.clock(1_700_000_000_123)
theirs, ours = random.SystemRandom(), gorandom.SystemRandom()


class Range(list):
    pass


class Index:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n


def shuffled(shuffle, items):
    shuffle(items)
    return list(items)


# Draws from a SystemRandom: the stdlib's (theirs) and gorandom's (ours).
draws = {
    "random": lambda r: [r.random() for _ in range(20)],
    **{
        f"getrandbits {k}": lambda r, k=k: [r.getrandbits(k) for _ in range(3)]
        for k in (0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 71, 72, 127, 128, 129, 255, 256, 257, 2047, 2048, 2049, 4096)
    },
    **{
        f"_randbelow {n}": lambda r, n=n: [r._randbelow(n) for _ in range(20)]
        for n in (
            1,
            2,
            3,
            10,
            255,
            256,
            257,
            1000,
            1 << 31,
            (1 << 32) + 5,
            (1 << 62) + 1,
            (1 << 63) - 1,
            1 << 63,
            1 << 64,
            3 << 200,
        )
    },
    "randrange 1": lambda r: [r.randrange(7) for _ in range(20)],
    "randrange 2": lambda r: [r.randrange(-3, 9) for _ in range(20)],
    "randrange 3": lambda r: [r.randrange(-30, 90, 7) for _ in range(20)],
    "randrange down": lambda r: [r.randrange(90, -30, -7) for _ in range(20)],
    "randrange wide": lambda r: [r.randrange(-(1 << 63), (1 << 63) - 1) for _ in range(5)],
    "randrange long": lambda r: (
        [r.randrange(-(1 << 63), 1 << 63) for _ in range(5)] + [r.randrange(1 << 70) for _ in range(5)]
    ),
    "randrange bool": lambda r: [r.randrange(True), r.randrange(False, True)],
    "randrange index": lambda r: [r.randrange(Index(9)), r.randrange(Index(3), Index(9))],
    "randint": lambda r: (
        [r.randint(1, 6) for _ in range(20)] + [r.randint(-5, -5), r.randint(-(1 << 63), (1 << 63) - 1)]
    ),
    "choice": lambda r: [
        r.choice(s)
        for s in (
            [1, 2, 3],
            (4, 5, 6),
            "seven",
            b"eight",
            bytearray(b"nine"),
            range(10, 90, 3),
            Range([5, 6]),
            range(1 << 40),
            memoryview(b"ten"),
            ["one"],
        )
    ],
    "choices": lambda r: r.choices(range(9), k=20),
    "shuffle": lambda r: [shuffled(r.shuffle, list(range(n))) for n in (0, 1, 2, 3, 5, 100, 300)],
    "shuffle others": lambda r: [shuffled(r.shuffle, Range(range(9))), shuffled(r.shuffle, bytearray(b"bytes"))],
    "sample": lambda r: [r.sample(range(100), k) for k in (0, 1, 3, 5, 6, 20, 21, 22, 100)],
    "sample by set": lambda r: [
        r.sample(range(5, 1 << 20, 3), 9),
        r.sample(list(range(3000)), k=100),
        r.sample(range(1 << 40), 3),
    ],
    "sample of others": lambda r: [
        r.sample("letters", 3),
        r.sample(b"bytes", 3),
        r.sample((1, 2, 3), k=2),
        r.sample(Range([1, 2, 3]), 2),
        r.sample(range(9, 0, -1), 4),
        r.sample(range(1 << 62, (1 << 62) + 50), 4),
        r.sample(range(-(1 << 63), -(1 << 63) + 50), 4),
        r.sample(range(1 << 80, (1 << 80) + 50), 4),
    ],
    "sample counts": lambda r: r.sample(["red", "blue"], counts=[4, 2], k=5),
    "sample nothing": lambda r: [r.sample([], 0), r.sample("abc", 0)],
}
# Draws from a module: the stdlib's secrets and PyCrypto's functions use their own SystemRandom.
modules = {
    "randbits": lambda m: [m.randbits(k) for k in (0, 1, 9, 64, 65, 200, 3000)],
    "randbelow": lambda m: [m.randbelow(n) for n in (1, 2, 10, 1000, (1 << 63) - 1, 1 << 64, 1 << 200, True)],
    "choice": lambda m: [m.choice(s) for s in ([1, 2, 3], (4, 5, 6), "seven", b"eight", bytearray(b"nine"))],
    # 1024 bytes first, because they bypass the pool, which reads more than is drawn from it.
    "token_bytes": lambda m: [m.token_bytes(n).hex() for n in (1024, 0, 1, 16, 32, True)] + [m.token_bytes().hex()],
    "token_hex": lambda m: (
        [m.token_hex(n) for n in (1024, 0, 1, 2, 3, 4, 5, 16, 31, 32, 33, Index(3))]
        + [m.token_hex(), m.token_hex(nbytes=4)]
    ),
    "token_urlsafe": lambda m: (
        [m.token_urlsafe(n) for n in (1024, 0, 1, 2, 3, 4, 5, 6, 7, 16, 31, 32, 33)] + [m.token_urlsafe()]
    ),
}
data = b"".join(secrets.token_bytes(1000) for _ in range(40))


def theirs_from(data, draw, what):
    rest = bytearray(data)

    def urandom(n):
        n = operator.index(n)
        taken = bytes(rest[:n])
        assert len(taken) == n
        del rest[:n]
        return taken

    random._urandom = urandom
    return draw(what)


different = []


def compare(name, draw, their, our):
    wanted = theirs_from(data, draw, their)
    script.feed(data)
    if draw(our) != wanted:
        different.append(name)


for name, draw in draws.items():
    compare(name, draw, theirs, ours)
for name, draw in modules.items():
    compare("secrets." + name, draw, stdlib, secrets)
# What is made in C is uniform in the same way.
for name in ("randrange 1", "randrange 2", "shuffle"):
    compare("random." + name, draws[name], theirs, strong)
compare("random.randint", lambda m: [m.randint(-1, 6) for _ in range(20)], theirs, strong)
compare("random.choice", lambda m: [m.choice(s) for s in ([1, 2, 3], (4, 5, 6), "seven", b"eight")], theirs, strong)
compare("random.sample", lambda m: [m.sample(range(100), k) for k in (0, 1, 3, 5, 6, 20, 100)], theirs, strong)
compare("random.getrandbits", lambda m: [m.getrandbits(k) for k in (0, 1, 9, 64, 65, 200)], theirs, strong)
script.end()
print(json.dumps(different))
