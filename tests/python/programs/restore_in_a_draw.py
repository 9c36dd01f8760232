"""A restore when a draw has its bytes but has not yet given them out. Run by test_restore.py."""

import ctypes
import json

import script
import watched
from restore_devices import vmclock

import gorandom

marker = ctypes.c_ulonglong.from_buffer(vmclock.memory, watched.MARKER)
found = []
gorandom.get_random_bytes(5000)  # from now on each refill fills a whole pool
for n, read in (16, 3776), (512, 3776), (5000, 5000), (100_000, 100_000):
    gorandom.reseed()
    fed = script.marked(1, read) + script.marked(9, 300_000 - read)
    script._kept.append(fed)
    script._library.script_bytes(fed, len(fed))
    script._library.script_count(ctypes.byref(marker))
    found.append(sorted(script.marks(gorandom.get_random_bytes(n))))
    script.end()
print(json.dumps(found))
