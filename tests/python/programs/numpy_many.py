"""How much many bit generators take from the process, and give back. Run by test_numpy.py."""

import ctypes
import errno
import json
import sys

import confine

if sys.argv[2] == "not wiped":  # before the import, which asks for memory that fork wipes
    confine.refuse("madvise", errno.EINVAL, 2, 18)

import memory_maps  # noqa: E402
import numpy as np  # noqa: E402

import gorandom  # noqa: E402

n = int(sys.argv[1])
numbers = []


def kib(field):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def look():
    with open("/proc/self/maps") as maps:
        return {"maps": sum(1 for line in maps), "rss": kib("VmRSS"), "size": kib("VmSize")}


def make(count):
    made = [np.random.Generator(gorandom.BitGenerator()) for _ in range(count)]
    numbers.extend(rng.integers(0, 2**63) for rng in made)
    return made


kept = make(1)
gorandom.get_random_bytes(16)
before = look()
rounds = []
for _ in range(3):
    made = make(n)
    full = look()
    del made
    rounds.append({"full": full, "empty": look()})
numbers.append(kept[0].integers(0, 2**63))
end = ctypes.c_uint64.from_address(kept[0].bit_generator.ctypes.state.value).value
flags = next(m[2] for m in memory_maps.mappings() if m[0] < end <= m[1])
print(json.dumps({"before": before, "rounds": rounds, "repeated": len(numbers) - len(set(numbers)), "flags": flags}))
