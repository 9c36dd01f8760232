"""CPython's own tests, from the running interpreter's test package, with gorandom in the stdlib's place."""

import importlib.util
import json

import pytest

# Runs the named tests with what is named replaced before anything of the suite is imported; prints one line of
# JSON about what ran. A test that fails tells why on stderr.
SUITE = """
import importlib, json, os, random, sys, unittest
import gorandom, gorandom.hmac, gorandom.secrets

random.SystemRandom = gorandom.SystemRandom
sys.modules["secrets"] = gorandom.secrets
os.urandom = gorandom.urandom
# Nothing is put in the place of a function that is tested: the interpreter itself tells of each call of one that is
# written in C, and those that draw are gorandom's own, or methods of gorandom's SystemRandom.
os.urandom = gorandom.urandom
drawing = {"random", "getrandbits", "randbytes", "_randbelow", "randrange", "randint", "choice", "shuffle", "sample", "urandom",
           "randbits", "randbelow", "token_bytes", "token_hex", "token_urlsafe"}
ours = {id(getattr(gorandom.secrets, name)) for name in drawing if hasattr(gorandom.secrets, name)} | {id(gorandom.urandom)}
drawn = 0
def count(frame, event, function):
    global drawn
    if event == "c_call" and function.__name__ in drawing:
        drawn += id(function) in ours or isinstance(function.__self__, gorandom.SystemRandom)
for name in ("random", "getrandbits", "_randbelow", "choice", "shuffle", "sample"):
    assert type(vars(gorandom.SystemRandom)[name]).__name__ == "method_descriptor", name

# Since 3.14 the suite takes a fresh copy of the module, and some tests of the C functions below it (_hmac) a private one of it.
import hmac
from test.support import import_helper
def fresh(name, *args, _real=import_helper.import_fresh_module, **kwargs):
    return gorandom.hmac if name == "hmac" else _real(name, *args, **kwargs)
import_helper.import_fresh_module = fresh
if hasattr(hmac, "_compute_digest_fallback"):
    gorandom.hmac._compute_digest_fallback = hmac._compute_digest_fallback
sys.modules["hmac"] = gorandom.hmac
import _hashlib, _operator
# One of the suite's tests asks whether hmac.compare_digest is one of these two.
_hashlib.compare_digest = _operator._compare_digest = gorandom.compare_digest
made = 0
for name in ("new", "digest"):
    def counted_hmac(*args, _real=getattr(gorandom.hmac, name), **kwargs):
        global made
        made += 1
        return _real(*args, **kwargs)
    setattr(gorandom.hmac, name, counted_hmac)

module, names = importlib.import_module(sys.argv[1]), sys.argv[2:]
if hasattr(module, "PurePythonInitHMAC"):
    # Not asked: which of the stdlib's implementations serves, by its private names, and the class's name.
    del module.PurePythonInitHMAC.setUpClass, module.PurePythonInitHMAC.tearDownClass
    module.PyMiscellaneousTests.test_hmac_constructor_uses_builtin = module.PySanityTestCase.test_repr = None
load = unittest.defaultTestLoader
suite = load.loadTestsFromNames(names, module) if names else load.loadTestsFromModule(module)
sys.setprofile(count)
result = unittest.TextTestRunner(stream=open(os.devnull, "w"), verbosity=0).run(suite)
sys.setprofile(None)
for test, text in result.failures + result.errors:
    print(test, text, sep="\\n", file=sys.stderr)
generator = getattr(getattr(module, "SystemRandom_TestBasicOps", None), "gen", None)
print(json.dumps({
    "ran": result.testsRun, "skipped": [str(test) + ": " + why for test, why in result.skipped], "drawn": drawn + made,
    "ours": generator is None or type(generator) is gorandom.SystemRandom,
}))
"""


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
    out = python(SUITE, module, *names, flags=["-W", "ignore"], timeout=120)
    result = json.loads(out.splitlines()[-1])
    assert result["ran"] >= at_least and result["ours"] and result["drawn"] >= at_least
    skipped = [why for why in result["skipped"] if "not enough memory" not in why]  # those of gigabytes, where -M allows them
    assert len(skipped) <= 2, skipped
