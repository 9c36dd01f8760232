"""How often draws of some sizes reseed after a restore. Run by test_restore.py."""

import json

from restore_devices import vmclock

import gorandom

found = []
for size in (16, 5000, 300_000):
    gorandom.get_random_bytes(size)
    before = gorandom.status().reseeds
    vmclock.restore()
    gorandom.get_random_bytes(size)
    found.append(gorandom.status().reseeds - before)
print(json.dumps(found))
