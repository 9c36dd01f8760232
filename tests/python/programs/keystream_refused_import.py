"""An import that is refused leaves nothing, and a later one succeeds. Run by test_keystream.py."""

import os
import sys

os.environ["GORANDOM_KEYSTREAM"] = "sparc"
for _ in range(3):
    try:
        import gorandom
    except ImportError:
        assert "gorandom" not in sys.modules and len(os.listdir("/proc/self/task")) == 1
    else:
        raise AssertionError("imported")
os.environ["GORANDOM_KEYSTREAM"] = "generic"
import gorandom  # noqa: E402

assert len(os.listdir("/proc/self/task")) == 1
assert len(gorandom.get_random_bytes(16)) == 16
