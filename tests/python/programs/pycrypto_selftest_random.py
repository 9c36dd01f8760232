"""PyCrypto's tests of Crypto.Random. Run by test_pycrypto_selftest.py."""

import multiprocessing
import sys

from pycrypto_selftest_start import judge

if __name__ == "__main__":
    multiprocessing.set_start_method("fork")  # the only one when the tests were written
    import gorandom

    gorandom.install_as_crypto()
    import Crypto
    import Crypto.Random
    import Crypto.SelfTest.Random

    assert Crypto.__file__.startswith(sys.argv[1]) and Crypto.Random is gorandom.compat.pycrypto.Random
    judge(Crypto.SelfTest.Random.get_tests(), ("Crypto.Random", "Crypto.Util.randpool", "Crypto.pct_warnings"))
