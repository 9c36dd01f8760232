"""Eight threads draw bytes that are all different. Run by test_threads.py."""

from threads_together import run

import gorandom

drawn = [[] for _ in range(8)]


def draws(mine):
    for n in (16, 16, 16, 100, 1024, 5000, 20_000):
        for _ in range(300):
            mine.append(gorandom.get_random_bytes(n)[:16])


run(*[lambda mine=mine: draws(mine) for mine in drawn])
assert len({b for mine in drawn for b in mine}) == 8 * 7 * 300
