"""A core of this process and one of its child, where there is no /proc. Run by test_side_effects.py."""

import os

import confine

confine.hide_proc()
assert not os.path.exists("/proc/self")
import gorandom  # noqa: E402

drawn = [gorandom.get_random_bytes(16), gorandom.get_random_bytes(3 << 20)[:16]]
child = os.fork()
if not child:
    gorandom.get_random_bytes(3 << 20)
    os._exit(0 if gorandom.status().mode == os.environ["EXPECTED"] else 1)
assert os.waitpid(child, 0)[1] == 0
assert gorandom.status().mode == os.environ["EXPECTED"], gorandom.status()
