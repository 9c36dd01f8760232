"""Are the mappings with keys locked? test_keys.py runs this."""

import ctypes
import json
import os
import re
import resource
import sys

from keys_look import Subject, schedules

if not int(sys.argv[1]):
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    # exec without the capability.
    PR_CAPBSET_DROP, CAP_IPC_LOCK = 24, 14
    assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) == 0 or os.geteuid()
s = Subject()
s.do("large"), s.do("small")
pid = s.p.pid
places = list(schedules(pid))
pages = {place & ~4095 for place in places}
sizes = {}
with open(f"/proc/{pid}/smaps") as f:
    for line in f:
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
        if head:
            now = tuple(int(x, 16) for x in head.groups())
            sizes[now] = {}
        else:
            name, value = line.split(":", 1)
            sizes[now][name] = value.split()
of_keys = [m for m in sizes if any(m[0] <= p < m[1] for p in pages)]
result = {"mappings": len(of_keys), "locked": [], "swapped": 0, "flags": []}
for m in of_keys:
    result["locked"].append([int(sizes[m]["Locked"][0]), int(sizes[m]["Size"][0])])
    result["swapped"] += int(sizes[m]["Swap"][0])
    result["flags"].append("lo" in sizes[m]["VmFlags"])
with open(f"/proc/{pid}/status") as f:
    result["VmLck"] = int(re.search(r"VmLck:\s+(\d+)", f.read()).group(1))
s.end()
print(json.dumps(result))
