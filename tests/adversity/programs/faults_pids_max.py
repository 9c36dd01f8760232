"""A cgroup leaves room for a few more tasks, before the first draw or after it: test_faults.py runs this."""

import os
import sys
import threading

import child

import gorandom

cgroup, when, room = sys.argv[1], sys.argv[2], int(sys.argv[3])
str(gorandom.status())
tally = child.Tally()
if when == "after":
    tally.add(*child.draws(large=True))
with open(cgroup + "/cgroup.procs", "w") as f:
    f.write(str(os.getpid()))
with open(cgroup + "/pids.current") as f:
    now = int(f.read())
with open(cgroup + "/pids.max", "w") as f:
    f.write(str(now + room))
tally.add(*child.draws(large=True))


def draw():
    tally.add(*child.draws())


threads = 0
for _ in range(12):
    t = threading.Thread(target=draw)
    try:
        t.start()
    except RuntimeError:
        break
    t.join()
    threads += 1
children = 0
try:
    children = len([tally.reap(tally.child(os.fork, lambda: child.draws(True))) for _ in range(2)])
except BlockingIOError:
    pass
for _ in range(30):
    tally.add(*child.draws(large=True))
mode, reason = gorandom.status().mode, gorandom.status().reason
with open(os.path.dirname(cgroup) + "/cgroup.procs", "w") as f:
    f.write(str(os.getpid()))
tally.report(threads=threads, children=children)
