"""Draws in the callbacks of os.register_at_fork(): test_forks.py runs this."""

import os
import sys

import child

import gorandom

tokens = []


def draw(large):
    tokens.append(gorandom.get_random_bytes(16))
    if large:
        buffer = bytearray(300_000)
        gorandom.fill(buffer)
        tokens.append(bytes(buffer[-16:]))
    gorandom.status()


turn = 0
os.register_at_fork(
    before=lambda: draw(turn % 8 == 5),
    after_in_parent=lambda: draw(turn % 8 == 6),
    after_in_child=lambda: draw(turn % 2),
)
tally = child.Tally()
for turn in range(int(sys.argv[1])):
    before = 1 + (turn % 8 == 5)  # tokens that child and parent may both have
    pid = os.fork()
    if pid == 0:
        child.end(lambda: tally.send(*tokens[before:], *child.draws()))
    tally.reap(pid)
    tally.add(*tokens)
    tokens.clear()
tally.report()
