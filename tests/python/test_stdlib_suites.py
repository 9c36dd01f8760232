"""CPython's own tests, from the running interpreter's test package, with gorandom in place of the stdlib."""

import importlib.util
import json

import pytest
from _forks import PROGRAMS


@pytest.mark.parametrize(
    "module, names, at_least",
    [
        ("test.test_secrets", [], 10),
        ("test.test_random", ["SystemRandom_TestBasicOps"], 30),
        ("test.test_os", ["URandomTests"], 3),
        ("test.test_hmac", [], 20),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_suite(python, module, names, at_least):
    try:
        found = importlib.util.find_spec(module)
    except ImportError:
        found = None
    if not found:
        pytest.skip(f"NOT TESTED: this interpreter came without {module}: Debian has it in the package libpython3.N-testsuite")
    if found.submodule_search_locations and module == "test.test_os":
        module += ".test_os"  # a package since 3.15
    out = python(PROGRAMS / "stdlib_suites.py", module, *names, flags=["-W", "ignore"], timeout=120)
    result = json.loads(out.splitlines()[-1])
    assert result["ran"] >= at_least and result["ours"] and result["drawn"] >= at_least
    skipped = [why for why in result["skipped"] if "not enough memory" not in why]  # those need gigabytes, and -M
    assert len(skipped) <= 2, skipped
