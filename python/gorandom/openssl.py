"""The switch of cryptography's osrandom engine: the OpenSSL that this process's ``ssl`` uses draws from gorandom.

    >>> import gorandom.openssl
    >>> gorandom.openssl.activate()
    >>> gorandom.openssl.active()
    True
    >>> gorandom.openssl.deactivate()

While it is active ``ssl.RAND_bytes``, ``ssl.RAND_add`` and all that TLS draws in this process, and in those
that it forks, go through gorandom, in any thread. Only the OpenSSL that the module ``ssl`` is linked to can be
reached. One that is linked statically into something else keeps its own generator: such are cryptography's
and psycopg2-binary's wheels. With PyCA's ``cryptography`` from a distribution, which shares the system's
OpenSSL with ``ssl``, both draw from gorandom.

Importing this module needs an interpreter with ``ssl``, and the C extension: ImportError otherwise.
"""

from __future__ import annotations

import _ssl as _extension
import ssl as _ssl

from . import _front, get_random_bytes

if _front.state()["mode"] == "system":
    raise ImportError("gorandom.openssl needs gorandom's C extension, and this installation is in pure Python", name=__name__)
from . import _openssl

__all__ = ["activate", "active", "deactivate"]


def activate() -> None:
    """From now on OpenSSL draws from gorandom, by ``RAND_set_rand_method``; what it drew from is kept.

    It proves itself: a draw through ``ssl.RAND_bytes`` must have come from here. If not, all is as it was
    and RuntimeError says why: an OpenSSL linked statically into the interpreter, another copy than the one
    found, FIPS mode (where keys come from inside the FIPS module), one without ``RAND_set_rand_method``.
    Waits while the system's generator has not been seeded; OSError if there is none. Nothing is loaded.
    May be called more than once, before or after forks; the whole process, with all its interpreters, has
    one switch. ``RAND_add`` counts as ``gorandom.add_event``: it mixes and never replaces.
    """
    get_random_bytes(1)  # what a first draw takes, and its exceptions, belong here and not in OpenSSL's callback
    library = getattr(_extension, "__file__", None)  # None: inside the interpreter's own program
    was_active = active()
    why = _openssl.activate(library)
    if why is None:
        served = _openssl.state()[1]
        try:
            _ssl.RAND_bytes(32)
            if _openssl.state()[1] != served:
                return
            why = "another copy of OpenSSL is in use: ssl.RAND_bytes did not draw from gorandom"
        finally:
            if not was_active and _openssl.state()[1] == served:
                _openssl.deactivate()
    raise RuntimeError(f"the OpenSSL of this process's ssl cannot draw from gorandom: {why}")


def deactivate() -> None:
    """Gives OpenSSL back what it drew from before ``activate()``.

    Does nothing where gorandom is not active; and a generator that another has set since stays.
    """
    _openssl.deactivate()


def active() -> bool:
    """Does OpenSSL draw from gorandom? In a forked child the parent's answer still holds."""
    return _openssl.state()[0]
