"""Counts the blocks that two copies and this process share after the change argv[1]. Run by test_restore.py."""

import json
import sys

import watched
from restore_devices import CHANGES

import gorandom


# Draws by all functions. The first ones take ready bytes where there are any.
def draw():
    got = b"".join(gorandom.get_random_bytes(16) for _ in range(20))
    got += gorandom.get_random_bytes(700) + gorandom.get_random_bytes(5000) + gorandom.get_random_bytes(70_000)
    got += b"".join(gorandom.uuid4().bytes for _ in range(50))
    return got


gorandom.get_random_bytes(16)
gorandom.get_random_bytes(70_000)
CHANGES[sys.argv[1]]()
copies = [watched.copy(draw) for _ in range(2)] + [draw()]
blocks = [{c[i : i + 16] for i in range(0, len(c) - 15, 16)} for c in copies]
common = [len(blocks[0] & blocks[1]), len(blocks[0] & blocks[2]), len(blocks[1] & blocks[2])]
print(json.dumps([gorandom.status().mode, [len(c) for c in copies], *common]))
