"""Numbers for numpy before and after argv[1] happens to the monitor's devices. Run by test_restore.py."""

import json
import sys

import numpy
import script
from restore_devices import CHANGES, feed

import gorandom

generator = gorandom.BitGenerator()
rng = numpy.random.Generator(generator)
calls, state = generator.ctypes, generator.ctypes.state
feed(1, 400_000)
gorandom.reseed()
one = script.marks(rng.bytes(2000) + calls.next_uint64(state).to_bytes(8, "little"))
CHANGES[sys.argv[1]]()
feed(2, 400_000)
# Without the lock first: each call checks for itself.
first = calls.next_uint32(state).to_bytes(4, "little") + calls.next_uint64(state).to_bytes(8, "little")
two = script.marks(first + rng.bytes(5000))
print(json.dumps([sorted(one), sorted(two)]))
