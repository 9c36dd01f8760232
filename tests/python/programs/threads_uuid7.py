"""UUIDs of version 7 grow in each of four threads. Run by test_threads.py."""

from threads_together import SLOW, run

import gorandom

uuid7 = gorandom.uuid7
made = [[] for _ in range(4)]


def makes(mine):
    for _ in range(100_000 // SLOW):
        mine.append(uuid7())


run(*[lambda mine=mine: makes(mine) for mine in made])
assert all(a < b for mine in made for a, b in zip(mine, mine[1:]))
assert len({u for mine in made for u in mine}) == 4 * (100_000 // SLOW)
