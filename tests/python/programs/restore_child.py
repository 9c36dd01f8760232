"""A restore of a forked child. Run by test_restore.py."""

import json
import os

from restore_devices import vmclock

import gorandom

gorandom.get_random_bytes(16)
r, w = os.pipe()
if not os.fork():
    before = gorandom.get_random_bytes(2 << 20)
    first = gorandom.status()
    vmclock.restore()
    gorandom.get_random_bytes(16)
    second = gorandom.status()
    found = [first.clones, second.reseeds > first.reseeds, second.vm_generation - first.vm_generation]
    os.write(w, json.dumps(found).encode())
    os._exit(0)
os.close(w)
print(os.read(r, 1000).decode())
