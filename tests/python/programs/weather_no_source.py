"""First draws without any source of bytes. Run by test_weather.py."""

import errno
import json
import os
import sys

import confine

import gorandom

gorandom.status()
os.chroot(sys.argv[1])
confine.refuse("getrandom", errno.EPERM)
found = []
for draw in (gorandom.get_random_bytes, gorandom.urandom):
    for n in (16, 300_000):
        try:
            draw(n)
            found.append("bytes")
        except BlockingIOError:
            found.append("BlockingIOError")
        except OSError:
            found.append("OSError")
print(json.dumps({"found": found, "mode": gorandom.status().mode}))
