"""Forks where the kernel wipes no memory. Run by test_numpy.py."""

import ctypes
import errno
import os
import sys
import threading

import confine

confine.refuse("madvise", errno.EINVAL, 2, 18)  # before the import, which asks for memory that fork wipes

import child  # noqa: E402
from numpy_tokens import c, rngs, tokens  # noqa: E402

import gorandom  # noqa: E402

assert not gorandom._front.state()["wipes"]
fork = (lambda: child.helper().bare_fork(1, None)) if sys.argv[1] == "raw_clone" else os.fork
tally = child.Tally()
tally.add(*tokens(True))


def several(large):
    """Draw some numbers without the lock, with refills in between; parent and child at once."""
    found = [c.next_uint64(c.state).to_bytes(8, "little") + c.next_uint64(c.state).to_bytes(8, "little") for _ in range(60)]
    return found + tokens(large)


tally.rounds(20, several, fork)
for _ in range(20):  # the parent goes on at once, beside its child
    pid = tally.child(fork, lambda: several(True))
    tally.add(*several(True))
    tally.reap(pid)


# A lock that another thread holds, or this one.
held, free = threading.Event(), threading.Event()


def hold():
    with rngs[0].bit_generator.lock:
        held.set()
        free.wait()


thread = threading.Thread(target=hold)
thread.start()
held.wait()
tally.reap(tally.child(fork, lambda: [rngs[0].bytes(16)]), patience=10)
free.set()
thread.join()
with rngs[0].bit_generator.lock:
    tally.reap(tally.child(fork, lambda: [rngs[0].bytes(16)]), patience=10)
tally.add(*tokens())

# What a child finds before it draws.
end = ctypes.c_uint64.from_address(c.state.value).value
ready = (ctypes.c_char * 512).from_address(end - 512)
if sys.argv[1] == "fork":
    assert any(bytes(ready))
    pid = os.fork()
    if pid == 0:
        os._exit(any(bytes(ready)))
    tally.ends[str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))] += 1
    tally.forks += 1
    tally.reports += 1

# Ready bytes are given without asking the kernel again. 512 bytes are made first.
bit_generator = gorandom.BitGenerator()
new = bit_generator.ctypes
drawn = [new.next_uint64(new.state)]
confine.refuse("getrandom", errno.EIO)
drawn += [new.next_uint64(new.state) for _ in range(63)]
assert len(set(drawn)) == 64 and 0 not in drawn
tally.report()
