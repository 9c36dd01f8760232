"""What enters the core while every place of the gate is taken: test_gate.py runs this."""

import json
import sys

from gate import Holder

import gorandom
from gorandom import seedfile


def counted(what):
    before = getattr(gorandom.status(), what)
    return lambda: getattr(gorandom.status(), what) - before


seedfile.save(sys.argv[1])
str(gorandom.status())  # its imports
done, holder = {}, Holder()


def add():
    for _ in range(300):
        gorandom.add_event(b"event")


for name, action, what in (
    ("reseed", gorandom.reseed, "reseeds"),
    ("add_event", add, "events"),
    ("status", gorandom.status, None),
    ("save", lambda: seedfile.save(sys.argv[1]), None),
):
    count = counted(what) if what else None
    holder.hold()
    answer = action()
    done[name] = {"still": holder.still(), "mode": answer.mode if name == "status" else "core"}
    holder.thread.join()
    if count:
        done[name]["counted"] = count()
print(json.dumps(done))
