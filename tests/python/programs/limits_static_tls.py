"""An import after other libraries have taken all static thread-local storage. Run by test_limits.py with such a library and
a folder for its copies, because the loader loads a file once."""

import ctypes
import json
import shutil
import sys

library, folder = sys.argv[1:]
for i in range(1000):
    copy = shutil.copy(library, f"{folder}/{i}.so")
    try:
        ctypes.CDLL(copy)
    except OSError as e:
        assert "static TLS" in str(e), e
        break
import gorandom  # noqa: E402

assert len(gorandom.get_random_bytes(16)) == 16
print(json.dumps(gorandom.status().reason))
