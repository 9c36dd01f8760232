"""status() says why the child of a raw clone has no core: test_clone.py runs this."""

import os

import child

import gorandom

tally = child.Tally()
tally.add(*child.draws(large=True))
read, write = os.pipe()


def body():
    tally.send(*child.draws(large=True))
    os.write(write, gorandom.status().reason.encode())


pid = child.helper().bare_fork(1, None)
if pid == 0:
    child.end(body)
tally.reap(pid)
tally.report(childs=os.read(read, 1000).decode())
