"""Four threads shuffle one list. Run by test_threads.py."""

from threads_together import run

from gorandom import random

items = [object() for _ in range(1000)]
x = items[:]
run(*[lambda: [random.shuffle(x) for _ in range(150)]] * 4)
assert set(map(id, x)) == set(map(id, items)) and len(x) == len(items)
