"""kill -9 at each system call of a seed file's save, refresh and load: test_faults.py runs this."""

import hashlib
import json
import os
import sys

import faults
import phases
from faults import Phase

faults.preload()
path = sys.argv[1]
HEADING = b"gorandom seed 1\n"


def whole(data):
    return len(data) == 112 and data.startswith(HEADING) and hashlib.sha256(data[:80]).digest() == data[80:]


def before():
    phases.live()
    global seedfile
    from gorandom import seedfile


def act(name):
    return lambda: [getattr(seedfile, name)(path, timeout=0)] and []


def content():
    with open(path, "rb") as f:
        return f.read()


os.environ["GORANDOM_START"] = sys.argv[2]
kept = renewed = points = 0
wrong, seen = [], set()
first = faults.Case(Phase(before, act("save"), list), None)
assert first.ended == 0, first.stderr
for name in ("save", "refresh", "load"):
    calls = faults.Case(Phase(before, act(name), list), None).asked
    for n in range(1, calls + 1):
        old = content()
        seen.add(old)
        case = faults.Case(Phase(before, act(name), list), None, faults.KILL, n)
        new = content()
        points += case.failed
        # A run may make one call less than the run before, because of Go's naps.
        if case.ended != (-9 if case.failed else 0) or not whole(new) or new != old and new in seen:
            wrong.append(f"{name} at call {n} of {calls}: {case.ended}, {len(new)} bytes")
        renewed += new != old
        kept += new == old
        extra = set(os.listdir(os.path.dirname(path))) - {"seed", "seed.lock", "seed.new"}
        if extra:
            wrong.append(f"{name} at call {n}: {extra} is left")
last = faults.Case(Phase(before, act("load"), list), None)
left = sorted(os.listdir(os.path.dirname(path)))
found = {"points": points, "kept": kept, "renewed": renewed, "wrong": wrong, "last": last.ended, "left": left}
print(json.dumps(found))
