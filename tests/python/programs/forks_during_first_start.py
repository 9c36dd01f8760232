"""A fork during the first draw of the process that imported gorandom: test_forks.py runs this."""

import os
import sys
import threading

import child

tally, tokens, pids = child.Tally(), [], []
sys.setswitchinterval(1e-5)
thread = threading.Thread(target=lambda: tokens.extend(child.draws(large=True)))
thread.start()
for i in range(12):
    pids.append(tally.child(os.fork, lambda: child.draws(large=i % 2)))
thread.join()
tally.add(*tokens)
tally.reap(*pids)
tally.report()
