"""Look for the keys from before a request: test_keys.py runs this."""

import json
import sys

from keys_look import Subject, everything, schedules, wanted_of
from memory_maps import search

s = Subject()
s.do("large"), s.do("large")
pid = s.p.pid
changed, left = 0, []
for _ in range(4):
    before = schedules(pid)
    s.do(sys.argv[1])
    after = schedules(pid)
    old = {place: x for place, x in before.items() if place not in after or after[place][0] != x[0]}
    changed += len(old)
    left += search(wanted_of(old), everything, pid) if old else []
s.end()
print(json.dumps({"keys": len(after), "changed": changed, "left": left}))
