"""The process that the programs of test_keys.py examine: for each line it does one thing, and says so."""

import os
import sys

import child

import gorandom

marker = bytes(range(7, 39))
buffer = bytearray(300_000)
kept = []
for line in iter(sys.stdin.readline, ""):
    word = line.strip()
    if word == "large":
        gorandom.fill(buffer)
    elif word == "small":
        # Only a prefix of a pool is handed out, so the rest is unborn.
        for _ in range(3):
            kept.append(gorandom.get_random_bytes(16))
    elif word == "reseed":
        gorandom.reseed()
    elif word in ("fork", "raw_clone"):
        pid = os.fork() if word == "fork" else child.helper().bare_fork(1, None)
        if pid == 0:
            os.read(int(sys.argv[1]), 1)
            os._exit(0)
        print(pid, flush=True)
        continue
    elif word == "raw_fork_that_draws":
        pid = os.fork()
        if pid == 0:
            gorandom.fill(buffer)
            os.read(int(sys.argv[1]), 1)
            os._exit(0)
        print(pid, flush=True)
        continue
    print(gorandom.status().mode, flush=True)
