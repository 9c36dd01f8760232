"""Ends while daemon threads draw. Run by test_side_effects.py."""

import threading

import gorandom

ready = threading.Barrier(7)


def draws(n):
    buffer = bytearray(n)
    gorandom.get_random_bytes(n)
    ready.wait(60)
    while True:
        gorandom.get_random_bytes(n)
        gorandom.fill(buffer)


for n in (16, 16, 5000, 9000, 1 << 20, 1 << 22):
    threading.Thread(target=draws, args=(n,), daemon=True).start()
ready.wait(60)
