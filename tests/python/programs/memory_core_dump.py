"""Looks for the bytes of a child's pools in its core dump. Run by test_memory.py."""

import json
import mmap
import os
import subprocess
import sys

from memory_maps import pools

import gorandom

# A child is dumped, because this program has copies of what it looks for.
marker_read, marker_write = os.pipe()
go_read, go_write = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(go_write)
    marker = gorandom.get_random_bytes(16)
    gorandom.fill(bytearray(300_000))
    while os.read(go_read, 1):
        gorandom.get_random_bytes(500)
        os.write(marker_write, marker)
    os._exit(len(marker) - 16)
for _ in range(60):
    os.write(go_write, b"x")
    marker = os.read(marker_read, 16)
    pages = pools(pid)
    if pages:
        break
wanted = [page[-i:][:16] for page in pages for i in (512, 1024, 2048)]
done = subprocess.run(
    [sys.argv[1], "-o", sys.argv[2], str(pid)], stdin=subprocess.DEVNULL, capture_output=True, text=True
)
os.close(go_write)
assert os.waitpid(pid, 0)[1] == 0
dump = f"{sys.argv[2]}.{pid}"
if not os.path.exists(dump):
    print(json.dumps({"refused": done.stderr[-500:]}))
    sys.exit()
with open(dump, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
    print(
        json.dumps(
            {"pools": len(pages), "marker": data.find(marker) >= 0, "found": sum(data.find(w) >= 0 for w in wanted)}
        )
    )
os.unlink(dump)
