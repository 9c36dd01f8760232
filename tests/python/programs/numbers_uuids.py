"""UUIDs made from given bytes. Run by test_numbers.py."""

import json
import uuid

import script

import gorandom

script.clock(1_700_000_000_123)
data = bytes(range(0x80, 0x90)) + b"\xff" * 16 + bytes(16)
script.feed(data)
made = [gorandom.uuid4() for _ in range(3)]
wanted = [uuid.UUID(bytes=data[i : i + 16], version=4) for i in (0, 16, 32)]
script.feed(bytes(range(1, 19)))
seven = gorandom.uuid7()
script.end()
print(json.dumps([made == wanted, str(seven)]))
