"""A replacement for the standard library's ``secrets`` (PEP 506) that draws from gorandom.

While the system's generator is not ready, the functions wait, as PEP 522 requires of this module. Ctrl-C ends the
wait. ``SystemRandom`` does not wait: it raises ``BlockingIOError``.
"""

from __future__ import annotations

import base64

from . import _front, compare_digest, wait_for_system_rng
from ._systemrandom import PYTHON, SystemRandom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import SupportsIndex, TypeVar

    _T = TypeVar("_T")

__all__ = [
    "SystemRandom",
    "choice",
    "compare_digest",
    "randbelow",
    "randbits",
    "token_bytes",
    "token_hex",
    "token_urlsafe",
    "wait_for_system_rng",
]

DEFAULT_ENTROPY = 32  # bytes of a token whose size is not given


def _bytes_when_ready(n: SupportsIndex) -> bytes:
    # get_random_bytes waits too, but its errors are PyCrypto's. Nothing is drawn before a success, so a second call
    # with the same n is like a first one.
    try:
        return _front.urandom(n)
    except BlockingIOError:
        wait_for_system_rng()
        return _front.urandom(n)


class _PatientRandom(SystemRandom):
    """Waits where ``SystemRandom`` raises."""

    _bytes = staticmethod(_bytes_when_ready)
    random, getrandbits = PYTHON["random"], PYTHON["getrandbits"]


_random = _PatientRandom()


# The functions of this module are written in C. C calls these for the rest: long integers, sequences other than lists,
# and wrong arguments. In pure Python they serve all calls.


def randbelow(exclusive_upper_bound: int) -> int:
    """Return a uniformly distributed integer, 0 <= x < exclusive_upper_bound; ValueError for a bound below 1."""
    if exclusive_upper_bound <= 0:
        raise ValueError("Upper bound must be positive.")
    # The method that random.Random itself draws integers by: its errors for what is no integer.
    return _random._randbelow(exclusive_upper_bound)


def token_bytes(nbytes: int | None = None) -> bytes:
    """Return nbytes random bytes; DEFAULT_ENTROPY (32) if nbytes is None. Errors like os.urandom's."""
    return _random.randbytes(DEFAULT_ENTROPY if nbytes is None else nbytes)


def token_hex(nbytes: int | None = None) -> str:
    """Return nbytes random bytes as text of two hexadecimal digits each; 32 bytes if nbytes is None."""
    return token_bytes(nbytes).hex()


def token_urlsafe(nbytes: int | None = None) -> str:
    """Return nbytes random bytes as text for a URL: Base64 with - and _, without the closing =."""
    return base64.urlsafe_b64encode(token_bytes(nbytes)).decode("ascii").rstrip("=")


if TYPE_CHECKING:

    def randbits(k: int) -> int: ...
    def choice(seq: Sequence[_T]) -> _T: ...
else:
    _python = {"randbits": _random.getrandbits, "randbelow": randbelow, "choice": _random.choice}
    _python |= {"token_bytes": token_bytes, "token_hex": token_hex, "token_urlsafe": token_urlsafe}
    _front.numbers("secrets", globals(), _python)
