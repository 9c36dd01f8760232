"""Run test files with pytest in this mode, in this process or in a forked child: test_api_modes.py runs this."""

import os
import sys

import pytest

import gorandom

where, *arguments = sys.argv[1:]
arguments += ["-q", "-p", "no:cacheprovider", "-k", "not _that", "--no-header"]
if where == "child":
    gorandom.get_random_bytes(16)
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert gorandom.status().generation == 1
code = pytest.main(arguments)
print(gorandom.status())
sys.stdout.flush()
os._exit(code)
