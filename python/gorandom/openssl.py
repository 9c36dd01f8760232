"""A switch that makes the OpenSSL of this process's ``ssl`` draw from gorandom, as cryptography's osrandom engine did.

    >>> import gorandom.openssl
    >>> gorandom.openssl.activate()
    >>> gorandom.openssl.active()
    True
    >>> gorandom.openssl.deactivate()

While it is active, ``ssl.RAND_bytes``, ``ssl.RAND_add`` and everything that TLS draws go through gorandom, in any thread
of this process and of those that it forks. Only the OpenSSL that the module ``ssl`` is linked to can be reached. A copy
that is linked statically into something else keeps its own generator, as in the wheels of cryptography and
psycopg2-binary. PyCA's ``cryptography`` from a distribution shares the system's OpenSSL with ``ssl``, so both draw from
gorandom.

This module needs an interpreter with ``ssl``, and the C extension; ImportError otherwise.
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
    """Make OpenSSL draw from gorandom from now on, by ``RAND_set_rand_method``; the previous method is kept.

    A draw through ``ssl.RAND_bytes`` proves that the switch works. If the draw did not reach gorandom, nothing is changed,
    and RuntimeError says why: an OpenSSL linked statically into the interpreter, another copy than the one found, FIPS mode
    (where keys come from inside the FIPS module), or an OpenSSL without ``RAND_set_rand_method``.

    Waits while the system's generator has not been seeded; OSError if there is none. No library is loaded. May be called
    more than once, before or after forks. The whole process, with all its interpreters, has one switch. ``RAND_add`` works
    like ``gorandom.add_event``: it mixes data in and never replaces the seed.
    """
    get_random_bytes(1)  # a first draw may take long or raise: here, not in OpenSSL's callback
    library = getattr(_extension, "__file__", None)  # None: it is built into the interpreter
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
    """Give OpenSSL back the generator that it used before ``activate()``.

    Does nothing if gorandom is not active. A generator that other code has set since then stays.
    """
    _openssl.deactivate()


def active() -> bool:
    """Return whether OpenSSL draws from gorandom. A forked child inherits the parent's setting."""
    return _openssl.state()[0]
