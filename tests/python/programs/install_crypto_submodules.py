"""Submodules are imported by both names, in the order of argv[1]. Run by test_install_crypto.py."""

import importlib
import sys

from install_crypto_names import NAMES

import gorandom

order = sys.argv[1]
for old, new in sorted(NAMES.items(), reverse=order == "reversed"):
    if order == "ours first":
        importlib.import_module(new)
    module = importlib.import_module(old)
    assert module is sys.modules[old] is sys.modules[new] is importlib.import_module(new), old
    for name in (old, new):
        parent, _, child = name.rpartition(".")
        assert getattr(sys.modules[parent], child) is module, name
    assert module.__name__ == module.__spec__.name == new
    assert importlib.util.find_spec(old).name == new
import Crypto.Random.Fortuna.FortunaAccumulator  # noqa: E402, F401
from Crypto.Random import OSRNG, Fortuna, _UserFriendlyRNG, random  # noqa: E402, F401
from Crypto.Random.Fortuna import SHAd256  # noqa: E402, F401
from Crypto.Util import randpool  # noqa: E402

assert random is gorandom.compat.pycrypto.Random.random and randpool is gorandom.compat.pycrypto.Util.randpool
assert _UserFriendlyRNG._get_singleton() is gorandom.compat.pycrypto.Random._UserFriendlyRNG._get_singleton()
copies = [m.__file__ for m in sys.modules.values() if "gorandom" in (getattr(m, "__file__", None) or "")]
assert len(
    set(map(id, (m for m in sys.modules.values() if "gorandom" in (getattr(m, "__file__", None) or ""))))
) == len(set(copies))
