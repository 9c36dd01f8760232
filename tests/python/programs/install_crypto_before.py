"""Submodules of PyCryptodome that were imported before. Run by test_install_crypto.py."""

import sys

import Crypto.Hash.HMAC
import Crypto.Random.random
import Crypto.Util

theirs, util, hmac = Crypto.Random.random, Crypto.Util, Crypto.Hash.HMAC
import gorandom  # noqa: E402

gorandom.install_as_crypto()
assert (
    Crypto.Random.random is gorandom.compat.pycrypto.Random.random is sys.modules["Crypto.Random.random"] is not theirs
)
import Crypto.Hash.SHA256  # noqa: E402
import Crypto.pct_warnings  # noqa: E402
import Crypto.Util.number  # noqa: E402
import Crypto.Util.randpool  # noqa: E402

assert Crypto.Util is util and Crypto.Hash.HMAC is hmac
assert (
    Crypto.Util.randpool is gorandom.compat.pycrypto.Util.randpool
    and Crypto.pct_warnings is gorandom.compat.pycrypto.pct_warnings
)
assert Crypto.Util.number.getPrime(64, randfunc=Crypto.Random.get_random_bytes).bit_length() == 64
from Crypto.Random.random import StrongRandom  # noqa: E402

assert StrongRandom is gorandom.random.StrongRandom
