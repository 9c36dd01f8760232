"""Draws where neither getrandom nor a device serves. Run by test_weather.py."""

import errno
import json
import os
import sys

import confine

import gorandom

gorandom.status()


def outcome():
    try:
        return len(gorandom.get_random_bytes(50_000))
    except BlockingIOError:
        return "BlockingIOError"
    except OSError:
        return "OSError"


def child():
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, json.dumps(outcome()).encode())
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    return json.loads(os.read(read, 100))


if sys.argv[2] == "after":
    gorandom.get_random_bytes(16)
os.chroot(sys.argv[1])
confine.refuse("getrandom", errno.ENOSYS)
try:
    gorandom.reseed()
    reseed = "done"
except BlockingIOError:
    reseed = "BlockingIOError"
except OSError:
    reseed = "OSError"
status = gorandom.status()
print(
    json.dumps(
        {
            "here": outcome(),
            "child": child(),
            "reseed": reseed,
            "mode": status.mode,
            "failed": status.failed_reseeds > 0,
        }
    )
)
