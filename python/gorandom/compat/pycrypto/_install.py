"""gorandom under the names of PyCrypto."""

import os
import sys
import types
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec

import gorandom

# A folder with a package Crypto that calls install(). It stands on sys.path after an installation, because
# multiprocessing hands sys.path, and nothing else that would serve, to workers that are not forked.
SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_shim")

# PyCrypto's names and ours. Each is the same module object under both, so that there is one copy of its state.
_RANDOM = {
    "Crypto.Random." + name: "gorandom.compat.pycrypto.Random." + name
    for name in (
        "Fortuna",
        "Fortuna.FortunaAccumulator",
        "Fortuna.FortunaGenerator",
        "Fortuna.SHAd256",
        "OSRNG",
        "OSRNG.fallback",
        "OSRNG.nt",
        "OSRNG.posix",
        "OSRNG.rng_base",
        "_UserFriendlyRNG",
    )
}
_OURS = {
    **_RANDOM,
    "Crypto.Random.random": "gorandom.random",
    "Crypto.Util.randpool": "gorandom.compat.pycrypto.Util.randpool",
    "Crypto.pct_warnings": "gorandom.compat.pycrypto.pct_warnings",
}
# PyCrypto's import Crypto.Random loads these as well: programs find them without importing them.
_LOADED = ("Crypto.Random._UserFriendlyRNG", "Crypto.Random.Fortuna.FortunaAccumulator", "Crypto.Random.Fortuna.FortunaGenerator",
           "Crypto.Random.Fortuna.SHAd256", "Crypto.Random.OSRNG.posix", "Crypto.Random.OSRNG.rng_base", "Crypto.pct_warnings")  # fmt: skip
# Ours only where no installed Crypto has one.
_MISSING = {
    "Crypto." + name: "gorandom.compat.pycrypto." + name
    for name in (
        "Hash",
        "Hash.HMAC",
        "Hash.MD5",
        "Hash.RIPEMD",
        "Hash.SHA",
        "Hash.SHA224",
        "Hash.SHA256",
        "Hash.SHA384",
        "Hash.SHA512",
        "Util",
    )
}


class _Loader:
    """Gives a module of gorandom's, imported under its own name, a second one."""

    def __init__(self, name):
        self._name = name

    def create_module(self, spec):
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module):
        module.__spec__ = self._spec  # the import system has put the second name's there


class _Finder:
    """Finds PyCrypto's modules when they are imported."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        ours = _OURS.get(fullname)
        if ours is None:
            parent = fullname.rpartition(".")[0]
            owner = getattr(sys.modules.get(parent), "__name__", "") if parent.partition(".")[0] == "Crypto" else ""
            of_ours = owner.partition(".")[0] == "gorandom"
            if fullname in _MISSING and (of_ours or PathFinder.find_spec(fullname, path) is None):
                ours = _MISSING[fullname]
            elif of_ours:
                # Its __path__ would lead on to a second copy of whatever else lies in gorandom's folders.
                raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
            else:
                return None
        return ModuleSpec(fullname, _Loader(ours))


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


def _replace_imported():
    """What a program has imported of another Crypto.Random becomes ours now, not at the next import."""
    for name in [name for name in sys.modules if name in _OURS or name.startswith("Crypto.Random.")]:
        if name in _OURS:
            module = sys.modules[name] = import_module(_OURS[name])
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], child, module)
        else:
            del sys.modules[name]


def install():
    parent = _parent()
    sys.modules["Crypto.Random"] = gorandom
    parent.Random = gorandom
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
    _replace_imported()
    for name in _LOADED:
        import_module(name)
    if SHIM not in sys.path:
        # The first place is the program's own folder, and programs look it up there. Only where a Crypto lies in it,
        # whose Random is to be replaced too, must the shim come before.
        sys.path.insert(0 if PathFinder.find_spec("Crypto", sys.path[:1]) else 1, SHIM)
