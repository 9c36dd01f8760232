"""Which draws read the kernel again as the clock advances. Run by test_restore.py."""

import json

import script

import gorandom


def makes(milliseconds):
    script.clock(1_700_000_000_000 + milliseconds)
    before = script.left()
    gorandom.get_random_bytes(16)
    return script.left() < before


script.clock(1_700_000_000_000)
script.feed(script.random.Random(1).randbytes(1 << 16))
print(json.dumps([makes(ms) for ms in (0, 0, 999, 1000, 1999, 1000, 999, 999, 3_600_000)]))
