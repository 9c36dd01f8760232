"""A thread's generator before and after a draw, seen in its page. Run by test_memory.py; memory_signal_frames.py uses it."""

import ctypes
import json

from memory_maps import mappings, search, secret

import gorandom
from gorandom import _front

KEY, SCHEDULE, BYTES = slice(72, 104), slice(72, 312), slice(320, 4096)  # of the page: draw.c, struct pool
NEXT = slice(40, 72)


def pages():
    found = [m for m in mappings() if secret(m) and "w" in m[4] and m[1] - m[0] < 64 << 10]
    return [p for m in found for p in range(m[0], m[1], 4096)]


def keystream(key, n):
    return _front.keystream(gorandom.status().keystream, key, bytes(16), n)


def look(address):
    return ctypes.string_at(address, 4096)


def draw(size):
    """(bytes drawn, the page before and after, its address) for a draw that asked for no new key."""
    for _ in range(100):
        gorandom.get_random_bytes(size)
        before = {p: look(p) for p in pages()}
        drawn = gorandom.get_random_bytes(size)
        for address, page in before.items():
            if keystream(page[KEY], size) == drawn:
                return drawn, page, look(address), address
    raise AssertionError("no page is that of this thread's generator")


if __name__ == "__main__":
    result = {}
    for size in 1040, 4096, 100_000, 262_144:
        drawn, before, after, address = draw(size)
        made = keystream(before[KEY], size + 32)
        result[size] = {
            "next key": made[size:] == after[KEY],
            "scratch": after[NEXT] == bytes(32),
            "kept": search([before[KEY][:16], before[KEY][16:], drawn[-16:]], secret),
        }
        del made
    # The pool is filled by one request of the generator.
    while True:
        before = look(address)
        gorandom.get_random_bytes(16)
        after = look(address)
        if after[KEY] != before[KEY]:
            made = keystream(before[KEY], 3776 + 32)
            if made[3776:] == after[KEY]:  # and not a key from the core
                result["pool"] = {"made": made[16:3776] == after[BYTES][16:], "handed out": after[BYTES][:16] == bytes(16)}
                break
    print(json.dumps(result))
