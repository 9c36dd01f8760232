"""A fork while another thread's large draw starts the core: test_forks.py runs this."""

import os
import sys
import threading

import child

import gorandom

attempts, tally = int(sys.argv[1]), child.Tally()


def attempt(i):
    # A child of a process that never drew: its thread's large draw is the one that starts the core.
    go, drawn = threading.Barrier(2), []

    def draw():
        buffer = bytearray(300_000)
        go.wait()
        gorandom.fill(buffer)
        drawn.append(bytes(buffer[-16:]))

    thread = threading.Thread(target=draw)
    thread.start()
    go.wait()
    for _ in range(i % 7 * 300):
        pass
    grandchild = tally.child(os.fork, lambda: child.draws(large=True))
    _, status = os.waitpid(grandchild, 0)
    if status:
        os._exit(72)
    thread.join()
    return drawn + child.draws()


sys.setswitchinterval(1e-5)
for i in range(attempts):
    tally.reap(tally.child(os.fork, lambda: attempt(i)))
tally.report()
