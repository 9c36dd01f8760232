"""Installs gorandom's modules under PyCrypto's names."""

from __future__ import annotations

import os
import sys
import types
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# A folder with a package Crypto that calls install(). After install() it is on sys.path, because multiprocessing
# passes sys.path, and nothing else that would help, to workers that are not forked.
SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_shim")

# Modules of PyCrypto that are always gorandom's, whatever Crypto is installed.
_OURS = {
    "Crypto." + name
    for name in (
        "Random",
        "Random.Fortuna",
        "Random.Fortuna.FortunaAccumulator",
        "Random.Fortuna.FortunaGenerator",
        "Random.Fortuna.SHAd256",
        "Random.OSRNG",
        "Random.OSRNG.fallback",
        "Random.OSRNG.nt",
        "Random.OSRNG.posix",
        "Random.OSRNG.rng_base",
        "Random._UserFriendlyRNG",
        "Random.random",
        "Util.randpool",
        "pct_warnings",
    )
}
# PyCrypto's import Crypto.Random loads these as well, so programs use them without importing them.
_LOADED = ("Crypto.Random", "Crypto.Random._UserFriendlyRNG", "Crypto.Random.Fortuna.FortunaAccumulator",
           "Crypto.Random.Fortuna.FortunaGenerator", "Crypto.Random.Fortuna.SHAd256", "Crypto.Random.OSRNG.posix",
           "Crypto.Random.OSRNG.rng_base", "Crypto.pct_warnings")  # fmt: skip
# Modules that are gorandom's only where no installed Crypto has them.
_MISSING = {
    "Crypto." + name
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


def _import_all() -> None:
    """Name the modules for tools that pack programs, because the finder names none. Nothing calls this."""
    from . import Hash, Random, Util, pct_warnings  # noqa: F401
    from .Hash import HMAC, MD5, RIPEMD, SHA, SHA224, SHA256, SHA384, SHA512  # noqa: F401
    from .Random import OSRNG, Fortuna, _UserFriendlyRNG, random  # noqa: F401
    from .Random.Fortuna import FortunaAccumulator, FortunaGenerator, SHAd256  # noqa: F401
    from .Random.OSRNG import fallback, nt, posix, rng_base  # noqa: F401
    from .Util import randpool  # noqa: F401


def _our_name(name: str) -> str:
    """Return the name of gorandom's module for one of Crypto's. Both names give one module object, with one state."""
    return __package__ + name.removeprefix("Crypto")


class _Loader:
    """Gives a gorandom module, imported under its own name, a second name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has replaced it with the second name's


def _find_installed(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Find a module as the import system would without our finder. Packed programs have their own finders."""
    for finder in sys.meta_path:
        if getattr(finder, "__module__", None) == __name__:  # _Finder, or that of an earlier import of this module
            continue
        find_spec = getattr(finder, "find_spec", None)
        spec = find_spec(name, path) if find_spec else None
        if spec is not None:
            return spec
    return None


class _Finder:
    """Finds PyCrypto's modules when they are imported."""

    @staticmethod
    def find_spec(fullname: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if fullname not in _OURS:
            parent = fullname.rpartition(".")[0]
            owner = getattr(sys.modules.get(parent), "__name__", "") if parent.partition(".")[0] == "Crypto" else ""
            of_ours = owner.partition(".")[0] == "gorandom"
            if fullname not in _MISSING:
                if of_ours:
                    # Its __path__ would lead to a second copy of other modules in gorandom's folders.
                    raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
                return None
            if not of_ours and _find_installed(fullname, path) is not None:
                return None  # the installed Crypto has one
        return ModuleSpec(fullname, _Loader(_our_name(fullname)))  # type: ignore[arg-type]


def _is_shim(module: types.ModuleType) -> bool:
    return os.path.dirname(os.path.dirname(getattr(module, "__file__", None) or "")) == SHIM


def _make_parent() -> None:
    """Import the installed package Crypto, or create one without other modules."""
    module = sys.modules.get("Crypto")
    if module is not None and not _is_shim(module):
        return
    spec = _find_installed("Crypto", [path for path in sys.path if path != SHIM])
    if spec is not None and spec.loader is not None:
        module = sys.modules["Crypto"] = module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = sys.modules["Crypto"] = types.ModuleType("Crypto", "Made by gorandom.install_as_crypto().")
        module.__path__ = []


def _replace_imported() -> None:
    """Replace what a program has already imported of another Crypto.Random now, not at the next import."""
    for name in sorted(name for name in sys.modules if name in _OURS or name.startswith("Crypto.Random.")):
        if name in _OURS:
            module = sys.modules[name] = import_module(_our_name(name))
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], child, module)
        else:
            del sys.modules[name]


def install() -> None:
    _make_parent()
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
    _replace_imported()
    for name in _LOADED:
        import_module(name)
    if SHIM not in sys.path:
        # The first entry is the program's own folder, and programs expect it there. The shim must come before it only
        # if it contains a Crypto, whose Random is to be replaced too.
        sys.path.insert(0 if PathFinder.find_spec("Crypto", sys.path[:1]) else 1, SHIM)
