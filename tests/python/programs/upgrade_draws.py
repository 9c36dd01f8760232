"""Draws, forks and threads after the package has changed on disk. Run by test_upgrade.py."""

import sys
import threading

from upgrade_steps import draw, drawn, fork, harm, modes

import gorandom

if sys.argv[4] == "drawn":  # before the change too
    draw()
harm()
for _ in range(10):
    draw(large=True)
    fork(2)
threads = [threading.Thread(target=draw, args=(True,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
gorandom.reseed()
gorandom.add_event(b"event" * 10)
draw()
assert len(set(drawn)) == len(drawn) > 80 and bytes(16) not in drawn
print(b"".join(sorted(set(modes))).decode(), gorandom._front.state()["mode"])
