"""gorandom under the names of PyCrypto."""

import os
import sys
import types
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

import gorandom

# A folder with a package Crypto that calls install(). It stands on sys.path after an installation, because
# multiprocessing hands sys.path, and nothing else that would serve, to workers that are not forked.
SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_shim")


def _is_shim(module):
    return os.path.dirname(os.path.dirname(getattr(module, "__file__", None) or "")) == SHIM


def _parent():
    """The package Crypto: an installed one, or one made here that has no other modules."""
    module = sys.modules.get("Crypto")
    if module is not None and not _is_shim(module):
        return module
    spec = PathFinder.find_spec("Crypto", [path for path in sys.path if path != SHIM])
    if spec is not None and spec.loader is not None:
        module = sys.modules["Crypto"] = module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = sys.modules["Crypto"] = types.ModuleType("Crypto", "Made by gorandom.install_as_crypto().")
        module.__path__ = []
    return module


def install():
    parent = _parent()
    sys.modules["Crypto.Random"] = gorandom
    parent.Random = gorandom
    if SHIM not in sys.path:
        # The first place is the program's own folder, and programs look it up there. Only where a Crypto lies in it,
        # whose Random is to be replaced too, must the shim come before.
        sys.path.insert(0 if PathFinder.find_spec("Crypto", sys.path[:1]) else 1, SHIM)
