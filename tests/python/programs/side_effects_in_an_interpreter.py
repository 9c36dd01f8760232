"""The work of a subinterpreter of side_effects_interpreters.py, which imports this."""

import os
import uuid

import gorandom._core  # noqa: F401

import gorandom
from gorandom import _front, random


def draws(w):
    """Write 83 tokens to the descriptor w."""
    for n in (16, 16, 5000, 100_000):
        for _ in range(20):
            os.write(w, gorandom.get_random_bytes(n)[:16])
    buffer = bytearray(16)
    gorandom.fill(buffer)
    os.write(w, buffer)
    os.write(w, gorandom.urandom(16))
    os.write(w, gorandom.new().read(16))
    gorandom.add_event(b"event")
    gorandom.reseed()

    # Use only the front, because hashlib, under gorandom.hmac and secrets, crashes where interpreters use it at once.
    keys = [_front.Key(0, 32, 64, "hmac-sha256", None, b"%d" % i) for i in range(50)]
    tags = [k.digest(b"message") for k in keys]
    assert [k.digests([b"message"]) for k in keys] == [[t] for t in tags] and len(set(tags)) == 50
    assert tags[7].hex().startswith("04a028fb")
    made = [gorandom.uuid7() for _ in range(200)]
    assert sorted(set(made)) == made and type(gorandom.uuid4()) is uuid.UUID
    items = list(range(200))
    random.shuffle(items)
    assert sorted(items) == list(range(200)) != items and 0 <= random.randint(0, 1 << 70) <= 1 << 70
