"""Draws after a restore, when the kernel gives no bytes. Run by test_restore.py."""

import json

import confine
from restore_devices import vmclock

import gorandom

gorandom.get_random_bytes(16)
confine.refuse("getrandom", 5)
assert len(gorandom.get_random_bytes(16)) == 16  # ready bytes
vmclock.restore()
errors = []
for n in (16, 5000, 300_000):
    try:
        errors.append(len(gorandom.get_random_bytes(n)))
    except OSError as error:
        errors.append(type(error).__name__)
print(json.dumps(errors))
