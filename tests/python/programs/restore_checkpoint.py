"""Draws and writes the bytes down for ever, and how much memory fork wipes. Run by test_restore.py, and restored by CRIU."""

import sys

import gorandom

out = open(sys.argv[1], "w", buffering=1)
gorandom.get_random_bytes(16)
while True:
    with open("/proc/self/smaps") as f:
        wiped = sum("VmFlags" in line and " wf" in line for line in f)
    out.write(f"{wiped} {gorandom.get_random_bytes(16).hex()} {gorandom.get_random_bytes(5000)[-16:].hex()}\n")
