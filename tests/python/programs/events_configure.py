"""configure(start=...) before and after a draw, sys.argv: first, draw, second. test_api_events.py runs this."""

import sys

import gorandom

first, draw, second = sys.argv[1:]


def configure(start):
    try:
        assert gorandom.configure(start=start) is None
    except RuntimeError as e:
        print("RuntimeError:", e)


if first:
    configure(first)
if draw:
    assert len(set(gorandom.get_random_bytes(16) for _ in range(200_000 // 16))) > 1
if second:
    configure(second)
assert len(gorandom.get_random_bytes(5000)) == 5000  # more than a pool can still hold
print(gorandom.status().mode)
