"""Which functions wait and which raise before the kernel's generator is ready. Run by test_secrets.py."""

import errno
import json

import confine
from interrupted import is_interrupted

import gorandom
from gorandom import random, secrets

confine.refuse("getrandom", errno.EAGAIN)
found = {}

for name, draw in {
    "token_bytes": secrets.token_bytes,
    "token_hex": lambda: secrets.token_hex(300_000),
    "token_urlsafe": secrets.token_urlsafe,
    "randbits": lambda: secrets.randbits(9),
    "randbelow": lambda: secrets.randbelow(9),
    "choice": lambda: secrets.choice("ab"),
    "long bits": lambda: secrets.randbits(200),
    "longer bits": lambda: secrets.randbits(9000),
    "long bound": lambda: secrets.randbelow(1 << 99),
    "choice of another": lambda: secrets.choice(bytearray(b"ab")),
    "a number's token": lambda: secrets.token_hex(True),
    **{
        "random." + name: lambda name=name, args=args: getattr(random, name)(*args)
        for name, args in {
            "getrandbits": (9,),
            "randrange": (9,),
            "randint": (1, 9),
            "choice": ("ab",),
            "shuffle": ([1, 2],),
            "sample": ("ab", 1),
        }.items()
    },
    "wait_for_system_rng": secrets.wait_for_system_rng,
    "uuid4": gorandom.uuid4,
    "uuid7": gorandom.uuid7,
}.items():
    found[name] = "waited" if is_interrupted(draw) else "bytes"
generator = secrets.SystemRandom()
for name, draw in {
    "random": generator.random,
    "getrandbits": lambda: generator.getrandbits(9),
    "randbytes": lambda: generator.randbytes(9),
    "choice'": lambda: generator.choice("ab"),
    "_randbelow": lambda: generator._randbelow(9),
    "randint": lambda: generator.randint(1, 9),
    "long": lambda: generator.getrandbits(9000),
    "sample": lambda: generator.sample(range(9), 3),
    "shuffle": lambda: generator.shuffle([1, 2, 3]),
    "gauss": generator.gauss,
}.items():
    try:
        draw()
        found[name] = "bytes"
    except BlockingIOError as e:
        found[name] = str(e).partition(";")[0]
# Wrong arguments raise at once.
try:
    secrets.token_bytes(-1)
except ValueError as e:
    found["wrong"] = str(e)
print(json.dumps(found))
