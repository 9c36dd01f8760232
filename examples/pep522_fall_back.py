"""PEP 522, the second choice: fall back to the predictable generator, where no secret depends on it.

Use it for the seed of a simulation, a shuffled list, or the delay before a retry. Never use it for keys, tokens or nonces:
an attacker who knows roughly when the program started can work them out.
"""

import random

from _not_ready import urandom_that_is_not_ready

import gorandom


def seed_of_a_simulation(urandom):
    """(64 bits, whether they were unpredictable)."""
    try:
        return int.from_bytes(urandom(8), "big"), True
    except BlockingIOError:
        return random.getrandbits(64), False


seed, good = seed_of_a_simulation(urandom_that_is_not_ready(refusals=1))
assert 0 <= seed < 1 << 64 and not good

# The same for code that takes a random.Random: gorandom.SystemRandom raises where urandom does.
generator = gorandom.SystemRandom()
try:
    generator.random()
except BlockingIOError:
    generator = random.Random()

seed, good = seed_of_a_simulation(gorandom.urandom)
assert good and 0 <= generator.random() < 1
print("a simulation's seed:", seed)
