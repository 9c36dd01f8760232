"""The descriptor of /dev/urandom is kept, and opened again if it was replaced. Run by test_osrandom.py."""

import errno
import os

import confine
import gorandom.compat.osrandom as s

import gorandom

confine.refuse("getrandom", errno.ENOSYS)


def devices():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + name) == "/dev/urandom":
                found.append(int(name))
        except OSError:
            pass
    return found


for _ in range(50):
    gorandom.get_random_bytes(2000)
first = devices()
assert len(first) == 1 and s.implementation() == "/dev/urandom", first
os.close(first[0])
zero = os.open("/dev/zero", os.O_RDONLY)
assert zero == first[0], "the test needs the same number"
for _ in range(20):
    assert any(gorandom.get_random_bytes(2000)[:32])
assert len(devices()) == 1 and os.readlink(f"/proc/self/fd/{zero}") == "/dev/zero"
os.close(zero)
