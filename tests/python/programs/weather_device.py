"""Draws and forks where only /dev/urandom serves. Run by test_weather.py."""

import errno
import sys

import child
import confine

import gorandom

if sys.argv[2] == "after":
    gorandom.get_random_bytes(16)
confine.refuse("getrandom", getattr(errno, sys.argv[1]))
tally = child.Tally()
tally.add(*child.draws(large=True))
tally.rounds(8)
tally.add(*(gorandom.get_random_bytes(16) for _ in range(1000)))
if gorandom.status().mode == "core" and sys.argv[2] == "after":
    gorandom.configure(start="auto")
tally.report(
    implementation=gorandom.status().implementation,
    sources=gorandom.status().sources,
    failed=gorandom.status().failed_reseeds,
)
