"""gorandom is reloaded, and imported again after it was removed from sys.modules. Run by test_side_effects.py."""

import importlib
import sys

import gorandom

first = gorandom.get_random_bytes(16)
importlib.reload(gorandom)
assert gorandom.get_random_bytes(16) != first
for name in [n for n in sys.modules if n.startswith("gorandom")]:
    del sys.modules[name]
import gorandom  # noqa: E402

assert len({first, gorandom.get_random_bytes(16), gorandom.get_random_bytes(9000)[:16]}) == 3
str(gorandom.status())
