"""If the interpreter has no memory left, each call raises MemoryError, and the next one works."""

import sys

import pytest
from _forks import PROGRAMS, run

pytest.importorskip("_testcapi", reason="NOT TESTED: this interpreter comes without its own tests' module, _testcapi")
pytestmark = [
    pytest.mark.native("C that asks the interpreter for memory"),
    pytest.mark.skipif(sys.version_info >= (3, 12), reason="without memory for a frame CPython 3.12 and later loop in their own evaluation"),
]


@pytest.mark.parametrize("start", ["auto", "never"])
def test_each_allocation_fails(start):
    """Each of the interpreter's allocations fails in turn, alone and with all that follow. The test fails where a NULL is used
    or an error is ignored: by a crash, SystemError or a result. A lock or a place that stays taken shows in the next call."""
    found = run(PROGRAMS / "nomemory_calls.py", start, timeout=300)
    assert min(found[name] for name in ("get_random_bytes", "state", "token_hex", "uuid4", "hmac.Key", "digests", "sample")) > 0, found
