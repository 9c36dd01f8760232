"""All descriptors are closed, or become files of zeros: test_faults.py runs this."""

import errno
import os
import sys
import tempfile

import child
import confine

import gorandom

zeros = tempfile.TemporaryFile()
zeros.write(bytes(1 << 20))
zeros.flush()
confine.refuse("getrandom", errno.EPERM)
tally = child.Tally()
tally.add(*child.draws(large=True))
by = sys.argv[1]
kept = {0, 1, 2, tally.read, tally.write, zeros.fileno()}
for round in range(6):
    for fd in range(3, 64):
        if fd in kept:
            continue
        if by == "nothing":
            try:
                os.close(fd)
            except OSError:
                pass
        elif by == "zeros":
            os.dup2(zeros.fileno(), fd)
            os.lseek(fd, 0, 0)
        else:
            other = os.open("/dev/zero", os.O_RDONLY)
            os.dup2(other, fd) if other != fd else None
    tally.add(*child.draws(large=True))
    tally.add(*(gorandom.get_random_bytes(1000)[:16] for _ in range(40)))
    pid = tally.child(os.fork, lambda: child.draws(round % 2 == 1))
    tally.reap(pid)
foreign = 0
if by != "nothing":
    foreign = sum(os.fstat(fd).st_rdev in (0, os.makedev(1, 5)) for fd in range(3, 64) if fd not in kept)
tally.report(foreign=foreign)
