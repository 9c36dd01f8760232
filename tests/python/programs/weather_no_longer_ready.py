"""getrandom says that it is not ready, after it has given bytes. Run by test_weather.py."""

import errno
import json
import os

import confine

import gorandom


def outcome(draw):
    try:
        return len(draw() or b"")
    except OSError as e:
        return [type(e).__name__, e.errno]


gorandom.get_random_bytes(16)
confine.refuse("getrandom", errno.EAGAIN)
buffer = bytearray(300_000)
draws = [
    lambda: gorandom.get_random_bytes(20_000),
    lambda: gorandom.urandom(20_000),
    lambda: gorandom.fill(buffer),
    gorandom.reseed,
    gorandom.wait_for_system_rng,
]
here = [outcome(draw) for draw in draws]
mode = gorandom.status().mode
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(write, json.dumps([outcome(draw) for draw in draws]).encode())
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
print(json.dumps({"mode": mode, "here": here, "child": json.loads(os.read(read, 4096))}))
