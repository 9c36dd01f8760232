"""What a core adds to the resident memory, and how its mappings are marked. Run by test_memory.py."""

import json

import confine
from memory_maps import absent, mappings, secret

import gorandom

gorandom.status()
before = confine.memory("VmRSS")
known = {m[0] for m in mappings()}
gorandom.get_random_bytes(16)
buffer = bytearray(1 << 20)
for _ in range(64):
    gorandom.fill(buffer)
    gorandom.reseed()
    gorandom.get_random_bytes(1000)
added = confine.memory("VmRSS") - before - len(buffer)
library = [m for m in mappings() if m[3].endswith("libgorandom.core.so")]
span = (min(m[0] for m in library), max(m[1] for m in library))
after = [m for m in mappings() if "w" in m[4]]
i = max(i for i, m in enumerate(mappings()) if m[3].endswith("libgorandom.core.so"))
own = [m for m in after if span[0] <= m[0] < span[1] or m[0] == mappings()[i + 1][0]]
print(
    json.dumps(
        {
            "mode": gorandom.status().mode,
            "added": added,
            "absent": sum(map(absent, mappings())),
            "file_data": [m[:4] for m in library if "w" in m[4] and not secret(m)],
            "own": len([m for m in own if secret(m)]),
            "unmarked": [
                [hex(m[0]), (m[1] - m[0]) >> 10, m[3], m[2]] for m in mappings() if "wf" in m[2] and "dd" not in m[2]
            ],
        }
    )
)
