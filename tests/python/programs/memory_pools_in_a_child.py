"""A parent looks for the bytes of its pools in all of its child's memory. Run by test_memory.py."""

import json
import os
import sys

import child
from memory_maps import full_pools, search, secret

pages = full_pools()
wanted = [page[-i:][:16] for page in pages for i in (512, 1024)]
here = search(wanted, secret)
# The child only waits on a pipe. This process searches the child's memory.
go_read, go_write = os.pipe()
pid = os.fork() if sys.argv[1] == "fork" else child.helper().bare_fork(1, None)
if pid == 0:
    os.close(go_write)
    os.read(go_read, 1)
    os._exit(0)
os.close(go_read)
there = search(wanted, secret, pid)
os.close(go_write)
os.waitpid(pid, 0)
print(json.dumps({"pools": len(pages), "here": here, "there": there}))
