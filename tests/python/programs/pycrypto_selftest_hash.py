"""PyCrypto's tests of the hashes that argv names. Run by test_pycrypto_selftest.py."""

import importlib
import sys

from pycrypto_selftest_start import judge

import gorandom

gorandom.install_as_crypto()
import Crypto  # noqa: E402
import Crypto.Hash.HMAC  # noqa: E402
import Crypto.Hash.SHA  # noqa: E402
import Crypto.SelfTest.Hash.common  # noqa: E402

assert Crypto.__file__.startswith(sys.argv[1])
tests = []
for name in sys.argv[2:]:
    tests += importlib.import_module("Crypto.SelfTest.Hash.test_" + name).get_tests()
# Objects have no .oid. In PyCrypto it is DER, in PyCryptodome dotted text, and only their signatures need it.
with_oid = [test for test in tests if isinstance(test, Crypto.SelfTest.Hash.common.HashTestOID)]
assert len(with_oid) == len(sys.argv) - 3  # of each but HMAC
judge([test for test in tests if test not in with_oid], ("Crypto.Hash",))
