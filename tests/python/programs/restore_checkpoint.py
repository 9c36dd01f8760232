"""Draws for ever, and records what it drew and how many pages fork wipes. Run by test_restore.py."""

import sys

import gorandom

out = open(sys.argv[1], "w", buffering=1)
gorandom.get_random_bytes(16)
while True:
    with open("/proc/self/smaps") as f:
        wiped = sum("VmFlags" in line and " wf" in line for line in f)
    out.write(f"{wiped} {gorandom.get_random_bytes(16).hex()} {gorandom.get_random_bytes(5000)[-16:].hex()}\n")
