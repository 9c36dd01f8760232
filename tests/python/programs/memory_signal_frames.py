"""Signals come while a thread's generator makes bytes: do round keys stay on the stack? Run by test_memory.py."""

import ctypes
import json
import signal
import struct
import sys

from memory_generator import SCHEDULE, draw
from memory_maps import mappings

import gorandom

came = found = 0


def handler(*_):
    global came
    came += 1


_, _, _, address = draw(1040)
low, high = next(m[:2] for m in mappings() if m[3] == "[stack]")
words = (ctypes.c_uint64 * 30).from_address(address + SCHEDULE.start)
buffer = bytearray(int(sys.argv[1]))
signal.signal(signal.SIGALRM, handler)
with open("/proc/self/mem", "rb", buffering=0) as memory:
    for turn in range(400):
        schedule = list(words)  # not as bytes, because copying those leaves them in registers
        signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + turn % 20))
        gorandom.fill(buffer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        memory.seek(low)
        stack = memory.read(high - low)
        found += any(struct.pack("2Q", *schedule[i : i + 2]) in stack for i in range(0, 30, 2))
print(json.dumps({"came": came, "found": found}))
