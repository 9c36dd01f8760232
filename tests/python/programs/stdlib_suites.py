"""CPython's own tests, with gorandom in place of the stdlib: test_stdlib_suites.py runs this.

Its arguments are a module of the suite and the names of tests in it. What they test is replaced before any part of the
suite is imported. Prints one line of JSON about what ran; a test that fails says why on stderr.
"""

import importlib
import json
import os
import random
import sys
import unittest

import gorandom.hmac
import gorandom.secrets

random.SystemRandom = gorandom.SystemRandom
sys.modules["secrets"] = gorandom.secrets
# No tested function is replaced with a wrapper. The interpreter itself reports each call of a function written in C,
# and those that draw are gorandom's own, or methods of gorandom's SystemRandom.
os.urandom = gorandom.urandom
drawing = {
    "random", "getrandbits", "randbytes", "_randbelow", "randrange", "randint", "choice", "shuffle", "sample",
    "urandom", "randbits", "randbelow", "token_bytes", "token_hex", "token_urlsafe",
}  # fmt: skip
ours = {id(getattr(gorandom.secrets, name)) for name in drawing if hasattr(gorandom.secrets, name)}
ours.add(id(gorandom.urandom))
drawn = 0


def count(frame, event, function):
    global drawn
    if event == "c_call" and function.__name__ in drawing:
        drawn += id(function) in ours or isinstance(function.__self__, gorandom.SystemRandom)


for name in ("random", "getrandbits", "_randbelow", "choice", "shuffle", "sample"):
    assert type(vars(gorandom.SystemRandom)[name]).__name__ == "method_descriptor", name

# Since 3.14 the suite uses a fresh copy of the module, and some tests use a private copy of the C functions below it
# (_hmac).
import hmac  # noqa: E402

from test.support import import_helper  # noqa: E402


def fresh(name, *args, _real=import_helper.import_fresh_module, **kwargs):
    return gorandom.hmac if name == "hmac" else _real(name, *args, **kwargs)


import_helper.import_fresh_module = fresh
if hasattr(hmac, "_compute_digest_fallback"):
    gorandom.hmac._compute_digest_fallback = hmac._compute_digest_fallback
sys.modules["hmac"] = gorandom.hmac
import _hashlib  # noqa: E402
import _operator  # noqa: E402

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
    # These are not run: they check by private names which of the stdlib's implementations serves, and the class's
    # name.
    del module.PurePythonInitHMAC.setUpClass, module.PurePythonInitHMAC.tearDownClass
    module.PyMiscellaneousTests.test_hmac_constructor_uses_builtin = module.PySanityTestCase.test_repr = None
load = unittest.defaultTestLoader
suite = load.loadTestsFromNames(names, module) if names else load.loadTestsFromModule(module)
sys.setprofile(count)
result = unittest.TextTestRunner(stream=open(os.devnull, "w"), verbosity=0).run(suite)
sys.setprofile(None)
for test, text in result.failures + result.errors:
    print(test, text, sep="\n", file=sys.stderr)
generator = getattr(getattr(module, "SystemRandom_TestBasicOps", None), "gen", None)
ran = {
    "ran": result.testsRun,
    "skipped": [str(test) + ": " + why for test, why in result.skipped],
    "drawn": drawn + made,
    "ours": generator is None or type(generator) is gorandom.SystemRandom,
}
print(json.dumps(ran))
