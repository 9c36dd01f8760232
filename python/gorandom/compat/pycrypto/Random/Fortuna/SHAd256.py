"""SHA-256 applied twice, the hash of Fortuna (Cryptography Engineering 5.4.2), as a PEP 247 module."""

from __future__ import annotations

from gorandom import _front

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Buffer

__all__ = ["new", "digest_size"]

digest_size = 32
"""Bytes of a digest."""


class _SHAd256:
    """A hash object; made by ``new()``, ``copy()`` and nothing else."""

    __slots__ = ("_state",)
    _internal = object()
    digest_size = digest_size

    def __init__(self, internal_api_check: object = None, state: Any = None) -> None:
        if internal_api_check is not self._internal:
            raise AssertionError("Do not instantiate this class directly.  Use Crypto.Random.Fortuna.SHAd256.new()")
        self._state = state

    def update(self, data: Buffer) -> None:
        """Hash more bytes; TypeError for a str."""
        self._state.call(_front.HASH_UPDATE, data)

    def digest(self) -> bytes:
        """Return the 32-byte digest of what was hashed so far; more may follow."""
        return self._state.call(_front.HASH_DIGEST)

    def hexdigest(self) -> str:
        """Return ``digest()`` as a str of 64 lower-case hexadecimal digits."""
        return self.digest().hex()

    def copy(self) -> _SHAd256:
        """Return an independent object that has hashed the same data."""
        return _SHAd256(self._internal, self._state.copy())

    @staticmethod
    def new(data: Buffer | None = None) -> _SHAd256:
        """Do the same as the module's ``new()``."""
        return new(data)


def new(data: Buffer | None = None) -> _SHAd256:
    """Return a hash object that has hashed ``data``, by default nothing."""
    made = _SHAd256(_SHAd256._internal, _front.State(_front.HAND_HASH))
    if data:
        made.update(data)
    return made
