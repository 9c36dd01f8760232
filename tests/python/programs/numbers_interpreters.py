"""Each subinterpreter has its own classes and names. Run by test_numbers.py."""

import gorandom
from gorandom import secrets

gorandom.uuid4(), secrets.choice("ab")
code = """
import uuid, gorandom
from gorandom import secrets, random
assert type(gorandom.uuid4()) is uuid.UUID and type(gorandom.uuid7()) is uuid.UUID
assert len(secrets.token_hex()) == 64 and secrets.choice([1]) == 1 and secrets.randbelow(1 << 99) < 1 << 99
r = gorandom.SystemRandom()
r.shuffle(list(range(9))); r.sample("abc", 2); r.random(); random.sample("abc", 2)
"""
try:
    import _interpreters as i
except ImportError:
    import _xxsubinterpreters as i
for _ in range(3):
    number = i.create()
    failed = (i.run_string if hasattr(i, "run_string") else i.exec)(number, code)
    assert failed is None, failed
    i.destroy(number)
gorandom.uuid7(), secrets.token_urlsafe()
