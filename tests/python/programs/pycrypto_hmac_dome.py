"""An installed PyCryptodome, in the folder argv[1], keeps its own hashes. Run by test_pycrypto_hmac.py."""

# ruff: noqa: I001
# The names are installed before ours is imported.
import importlib
import sys

from pycrypto_hmac_names import NAMES
import gorandom.compat.pycrypto.Hash.HMAC

for name in NAMES:
    module = importlib.import_module("Crypto.Hash." + name)
    assert module.__name__ == "Crypto.Hash." + name and sys.argv[1] in module.__file__, module
import Crypto.Hash.HMAC  # noqa: E402

assert Crypto.Hash.HMAC is not gorandom.compat.pycrypto.Hash.HMAC and hasattr(Crypto.Hash.HMAC, "_hmac2hash_oid")
