"""Draws in a process that may open no file. Run by test_limits.py."""

import json
import os

import confine

import gorandom

gorandom.status()
confine.limit("NOFILE", 0)
os.closerange(2, 4096)
tokens = {gorandom.get_random_bytes(16) for _ in range(5000)}
gorandom.fill(bytearray(300_000))
gorandom.reseed()
print(json.dumps({"tokens": len(tokens), "mode": gorandom.status().mode}))
