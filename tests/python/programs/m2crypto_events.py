"""Added bytes arrive as events, in a core or before there is one. Run by test_m2crypto.py."""

import sys

from gorandom.compat import m2crypto

import gorandom

if sys.argv[2] == "core":
    gorandom.get_random_bytes(1)
    before = gorandom.status().events
else:
    before = 0
m2crypto.rand_seed(b"x")
m2crypto.rand_add(b"x", 1.0)
assert m2crypto.load_file(sys.argv[1], -1) == 3000
if sys.argv[2] == "direct":
    assert gorandom.status().mode == "direct"
    gorandom.get_random_bytes(1)
print(gorandom.status().events - before)
