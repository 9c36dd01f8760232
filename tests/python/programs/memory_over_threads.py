"""The size after many threads whose destructors drew. Run by test_memory.py."""

import ctypes
import json
import sys

import child
import confine
from memory_maps import mappings, secret

import gorandom


def size():
    return {
        "secret": sum(m[1] - m[0] for m in mappings() if secret(m)) >> 10,
        "locked": confine.memory("VmLck") >> 10,
        "maps": len(mappings()),
    }


gorandom.get_random_bytes(16)
callback, library = child.bytes_callback(), child.helper()
library.callbacks_in_destructors.restype = ctypes.c_long
library.callbacks_in_destructors(callback, 50)
before = size()
drawn = library.callbacks_in_destructors(callback, int(sys.argv[1]))
print(json.dumps({"drawn": drawn, "before": before, "after": size()}))
