"""Look for keys and unborn bytes in a dump and in children: test_keys.py runs this."""

import json
import os
import subprocess
import sys

from keys_look import Subject, everything, schedules, wanted_of
from memory_maps import pools, search, secret

s = Subject()
s.do("large"), s.do("reseed"), s.do("large"), s.do("small")
pid = s.p.pid
found = schedules(pid)
unborn = []
for _ in range(60):
    pages = pools(pid)
    if pages:
        break
    s.do("small")
unborn = [page[-i:][:16] for page in pages for i in (512, 1024, 2048)]
found = schedules(pid)
wanted = wanted_of(found) + unborn
assert len(found) >= 2, "the test does not find the keys where they are"
result = {
    "keys": len(found),
    "unborn": len(unborn),
    "here": len(search(wanted, secret, pid)),
    "elsewhere": search(wanted, lambda m: not secret(m), pid),
}
for how in ("fork", "raw_clone", "raw_fork_that_draws"):
    theirs = int(s.do(how))
    if how == "raw_fork_that_draws":
        while not schedules(theirs):  # until it has a core
            os.sched_yield()
    result[how] = search(wanted, everything, theirs)
assert wanted_of(schedules(pid)) + unborn == wanted, "the subject has drawn meanwhile"
if sys.argv[1]:
    command = [sys.argv[1], "-o", sys.argv[2], str(pid)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    dump = f"{sys.argv[2]}.{pid}"
    result["refused"] = "" if os.path.exists(dump) else done.stderr[-500:]
    if os.path.exists(dump):
        with open(dump, "rb") as f:
            data = f.read()
        os.unlink(dump)
        result["marker"] = bytes(range(7, 39)) in data
        result["dumped"] = sum(w in data for w in wanted)
s.end()
print(json.dumps(result))
