"""How many threads there are: at import, after calls that draw nothing, after a draw. Run by test_side_effects.py."""

import os

import gorandom


def threads():
    return len(os.listdir("/proc/self/task"))


print(threads())
gorandom.status()
gorandom.add_event(b"x")
gorandom.wait_for_system_rng()
gorandom.new()
gorandom.atfork()
gorandom.urandom(0)
gorandom.get_random_bytes(0)
gorandom.fill(bytearray())
for bad in (-1, "x", 1 << 70):
    try:
        gorandom.get_random_bytes(bad)
    except (ValueError, TypeError, OverflowError):
        pass
print(threads())
gorandom.get_random_bytes(1)
print(threads())
