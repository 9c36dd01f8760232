"""The first draw opens no descriptor where a standard stream does not block: test_descriptors.py runs this."""

import os
import sys

import gorandom

read, write = os.pipe()
saved = os.dup(int(sys.argv[1]))
os.dup2(write, int(sys.argv[1]))
os.set_blocking(write, False)
before = sorted(os.listdir("/proc/self/fd"))
gorandom.get_random_bytes(16)
after = sorted(os.listdir("/proc/self/fd"))
os.dup2(saved, int(sys.argv[1]))
assert before == after, (before, after)
assert gorandom.status().mode == "core", gorandom.status().reason
