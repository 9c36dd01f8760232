"""PyCrypto's ``Crypto.Random``: random bytes from gorandom's stream.

As in PyCrypto, ``Fortuna``, ``OSRNG`` and ``_UserFriendlyRNG`` are attributes of this package without an import of
their own. ``urandom`` is here because PyCryptodome's package has that name.
"""

from __future__ import annotations

from gorandom import _late, atfork, get_random_bytes, new, urandom
from gorandom._forklock import no_forks as _no_forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from . import OSRNG as OSRNG
    from . import Fortuna as Fortuna
    from . import _UserFriendlyRNG as _UserFriendlyRNG

__all__ = ["atfork", "get_random_bytes", "new", "urandom"]

_PACKAGES = ("Fortuna", "OSRNG", "_UserFriendlyRNG")


if not TYPE_CHECKING:  # with a __getattr__, a type checker would accept every name

    def __getattr__(name: str) -> ModuleType:
        if name not in _PACKAGES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        with _no_forks:
            _late("compat.pycrypto.Random." + name)
            if name == "Fortuna":
                import gorandom.compat.pycrypto.Random.Fortuna as module
            elif name == "OSRNG":
                import gorandom.compat.pycrypto.Random.OSRNG as module
            else:
                import gorandom.compat.pycrypto.Random._UserFriendlyRNG as module
        return module

    def __dir__() -> list[str]:
        return sorted({*globals(), *_PACKAGES} - {"TYPE_CHECKING", "annotations"})
