"""Generations, each the child of the one before: test_forks.py runs this."""

import os
import sys

import child

import gorandom

depth, i = int(sys.argv[1]), 0
tally = child.Tally()
tally.add(*child.draws(large=True))
child.adopt_orphans()
pid = os.fork()
while pid == 0:
    i += 1
    try:
        tally.send(*child.draws(large=i % 10 == 0))
        assert gorandom.status().generation == i
        pid = os.fork() if i < depth else None
        if pid:
            tally.send(*child.draws())
    except BaseException:
        child.traceback.print_exc()
        os._exit(70)
    if pid != 0:
        os._exit(0)
tally.reap_all()
tally.report()
