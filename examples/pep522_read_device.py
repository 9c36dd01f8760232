"""PEP 522, the third choice: read /dev/urandom, which on Linux never waits, ready or not.

This is for programs that want exactly that: what the system has, perhaps predictable early at boot. gorandom itself never
does it. Since Linux 5.18 such a read first lets the kernel try for up to a second to seed itself.
"""

import os

from _not_ready import urandom_that_is_not_ready

import gorandom


def what_the_system_has(urandom, n):
    try:
        return urandom(n)
    except BlockingIOError:
        with open("/dev/urandom", "rb", buffering=0) as device:
            data = b""
            while len(data) < n:  # a large read may return less
                data += device.read(n - len(data))
            return data


if os.path.exists("/dev/urandom"):
    drawn = [what_the_system_has(urandom, 32) for urandom in (urandom_that_is_not_ready(refusals=1), gorandom.urandom)]
    assert [len(d) for d in drawn] == [32, 32] and drawn[0] != drawn[1]
    print("from the device:", drawn[0].hex())
else:
    print("this system has no /dev/urandom")
