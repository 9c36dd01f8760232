"""Threads draw while another one reseeds: test_api_events.py runs this."""

import threading

import gorandom

tokens, lock, done = [], threading.Lock(), threading.Event()


def draws():
    mine = []
    while not done.is_set():
        mine += [gorandom.get_random_bytes(16), gorandom.get_random_bytes(3000)[:16]]
    with lock:
        tokens.extend(mine)


threads = [threading.Thread(target=draws) for _ in range(3)]
for t in threads:
    t.start()
for _ in range(300):
    gorandom.reseed()
done.set()
for t in threads:
    t.join()
assert len(set(tokens)) == len(tokens) and bytes(16) not in tokens
