"""C signal handlers that leave draws by longjmp, and that add events: test_gate.py runs this."""

import json

from gate import child

import gorandom
from gorandom import _front

jumps = child.helper().callbacks_jump(child.bytes_callback(), 20, 4 << 20)
added = child.helper().callbacks_add(child.add_callback(), 20_000)
before = gorandom.status().reseeds
gorandom.fill(bytearray(100_000))
assert _front.state()["direct_bytes"] == 0
gorandom.reseed()
status = gorandom.status()
print(json.dumps([jumps, added, status.mode, status.reseeds - before]))
