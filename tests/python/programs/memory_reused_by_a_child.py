"""A child maps memory where its parent's core was, and keeps it when its own core starts. Run by test_memory.py."""

import ctypes
import json
import os

from memory_maps import mappings

import gorandom

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
MAP_FIXED_NOREPLACE = 0x100000
gorandom.status(), len(mappings())
known = {m[0] for m in mappings()}
gorandom.get_random_bytes(16)
gone = [m for m in mappings() if m[0] not in known and "dc" in m[2]]
pid = os.fork()
if pid == 0:
    mine = []
    for low, high, *_ in gone:
        n = min(high - low, 1 << 16)
        if libc.mmap(low, n, 3, 0x22 | MAP_FIXED_NOREPLACE, -1, 0) == low:
            ctypes.memset(low, 0x5A, n)
            mine.append((low, n))
    while gorandom.status().mode != "core":
        gorandom.fill(bytearray(300_000))
    kept = sum(ctypes.string_at(low, n) == bytes([0x5A]) * n for low, n in mine)
    os._exit(0 if len(mine) == len(gone) and kept == len(mine) else 1)
print(json.dumps({"gone": len(gone), "status": os.waitpid(pid, 0)[1]}))
