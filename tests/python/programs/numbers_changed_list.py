"""Draws from a list that another thread changes. Run by test_numbers.py."""

import sys
import threading

import gorandom

sys.setswitchinterval(1e-6)
x, running = list(range(200_000)), True


def change():
    while running:
        x.clear()
        x.extend(range(200_000))


t = threading.Thread(target=change)
t.start()
r, ends = gorandom.SystemRandom(), set()
for _ in range(60):
    for draw in (r.shuffle, lambda x: r.sample(x, 50), r.choice):
        try:
            draw(x)
            ends.add("done")
        except (IndexError, ValueError) as e:
            ends.add(type(e).__name__)
running = False
t.join()
print(ends >= {"done"})
