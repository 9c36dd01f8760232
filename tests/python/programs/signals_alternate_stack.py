"""A handler draws on an alternate stack. Run by test_signals.py."""

import ctypes
import json
import sys

import child

import gorandom

if sys.argv[1] == "later draw":
    gorandom.get_random_bytes(16)
callback = child.bytes_callback()


def draw(n):
    return child.helper().callbacks_on_a_signal_stack(callback, ctypes.c_size_t(int(sys.argv[2]) << 10), n)


found = [draw(int(sys.argv[3]))]
gorandom.get_random_bytes(5000)  # more than a pool can still hold
status = gorandom.status()
found += [draw(n) for n in (16, 2000, 100_000, 4 << 20)]
gorandom.reseed()
print(json.dumps([found, status.mode, status.reason, gorandom.status().mode]))
