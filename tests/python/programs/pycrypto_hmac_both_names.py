"""Both names of a module are one module, whichever argv[1] imports first. Run by test_pycrypto_hmac.py."""

import importlib
import sys

from pycrypto_hmac_names import NAMES

for name in NAMES:
    old, new = "Crypto.Hash." + name, "gorandom.compat.pycrypto.Hash." + name
    if sys.argv[1] == "from":
        exec("from Crypto.Hash import " + name)
    modules = [importlib.import_module(name) for name in ((new, old) if sys.argv[1] == "new" else (old, new))]
    import Crypto.Hash

    assert modules[0] is modules[1] is sys.modules[old] is sys.modules[new] is getattr(Crypto.Hash, name)
    assert modules[0].__name__ == modules[0].__spec__.name == new
import hmac  # noqa: E402

import Crypto.Hash.HMAC  # noqa: E402
from Crypto.Hash import HMAC, SHA256  # noqa: E402

assert HMAC is Crypto.Hash.HMAC
assert HMAC.new(b"key", b"message", SHA256).digest() == hmac.digest(b"key", b"message", "sha256")
