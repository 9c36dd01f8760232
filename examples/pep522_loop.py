"""PEP 522, the first choice: loop until it succeeds, for a program with other work to do meanwhile.

A program with nothing else to do calls gorandom.wait_for_system_rng(), or simply gorandom.secrets.token_bytes(), which
waits.
"""

import time

from _not_ready import urandom_that_is_not_ready

import gorandom
from gorandom import secrets


def key_when_ready(urandom, work, interval=0.05):
    """Return 32 bytes. While there are none, call ``work()`` every ``interval`` seconds."""
    while True:
        try:
            return urandom(32)
        except BlockingIOError:
            work()
            time.sleep(interval)


done = []
key = key_when_ready(urandom_that_is_not_ready(refusals=3), lambda: done.append("work"))
assert len(key) == 32 and done == ["work"] * 3

# On this running system the real function succeeds at once.
assert key_when_ready(gorandom.urandom, lambda: done.append("never")) != key and len(done) == 3
assert len(secrets.token_bytes()) == 32
print("a key after", len(done), "rounds of other work")
