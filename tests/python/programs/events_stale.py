"""reseed() makes the pools of all threads stale, counted in direct mode: test_api_events.py runs this."""

import threading

import gorandom
from gorandom import _front

THREADS, ROUNDS = 4, 5
together, tokens, lock = threading.Barrier(THREADS + 1), [], threading.Lock()


def draws():
    for _ in range(ROUNDS + 1):
        mine = [gorandom.get_random_bytes(16) for _ in range(3)]
        with lock:
            tokens.extend(mine)
        together.wait(60)
        together.wait(60)


threads = [threading.Thread(target=draws) for _ in range(THREADS)]
for t in threads:
    t.start()
together.wait(60)
for _ in range(ROUNDS):
    before = _front.state()["direct_bytes"]
    gorandom.reseed()
    together.wait(60)
    together.wait(60)  # each thread has drawn 48 bytes since
    print((_front.state()["direct_bytes"] - before) // 3776)
together.wait(60)
for t in threads:
    t.join()
assert len(set(tokens)) == len(tokens) == THREADS * (ROUNDS + 1) * 3
