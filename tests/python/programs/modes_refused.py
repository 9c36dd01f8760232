"""An import that GORANDOM_START refused can be tried again: test_api_modes.py runs this."""

import os
import sys

os.environ["GORANDOM_START"] = "nonsense"
for _ in range(3):
    try:
        import gorandom
    except ImportError:
        assert "gorandom" not in sys.modules
    else:
        raise AssertionError("imported")
os.environ["GORANDOM_START"] = "never"
import gorandom  # noqa: E402

assert len(gorandom.get_random_bytes(16)) == 16 and gorandom.status().mode == "direct"
