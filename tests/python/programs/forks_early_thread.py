"""A fork handler before ours makes a thread in the child, which draws at once: test_forks.py runs this."""

import ctypes
import os
import sys

library = ctypes.PyDLL(os.environ["GORANDOM_TEST_HELPER"])
assert library.callbacks_early_thread() == 0
import child  # noqa: E402

import gorandom  # noqa: E402

gorandom.get_random_bytes(16)
callback = child.bytes_callback()
print([library.callbacks_early(callback) for _ in range(int(sys.argv[1]))])
