"""What PyCrypto's hash modules share: the names of PEP 247 over hashlib."""

from __future__ import annotations

import hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from typing_extensions import Buffer

    class _New(Protocol):
        def __call__(self, data: Buffer | None = None) -> Hash: ...


class Hash:
    """A hash object, made by the ``new()`` of a module or of another object.

    A str raises TypeError. As with hashlib's objects, several threads may use it, and a forked child may finish it.
    """

    __slots__ = ("_hash",)

    def __init__(self, made: Any) -> None:
        self._hash = made

    @property
    def name(self) -> str:
        """The hash's name in hashlib."""
        return self._hash.name

    @property
    def digest_size(self) -> int:
        """Size of a digest in bytes."""
        return self._hash.digest_size

    @property
    def block_size(self) -> int:
        """Size of a block in bytes, which HMAC needs to know."""
        return self._hash.block_size

    def update(self, data: Buffer) -> None:
        """Hash more bytes."""
        self._hash.update(data)

    def digest(self) -> bytes:
        """Return the digest of what was hashed so far; more may follow."""
        return self._hash.digest()

    def hexdigest(self) -> str:
        """Return ``digest()`` as a str of lower-case hexadecimal digits."""
        return self._hash.hexdigest()

    def copy(self) -> Hash:
        """Return an independent object that has hashed the same data."""
        return Hash(self._hash.copy())

    def new(self, data: Buffer | None = None) -> Hash:
        """Return a new object of the same kind, like the module's ``new()``."""
        return _make(self._hash.name, data)


def _make(name: str, data: Buffer | None) -> Hash:
    try:
        made = hashlib.new(name)
    except ValueError as error:
        raise ValueError(f"this Python's hashlib has no {name}: {error}") from None
    if data is not None:
        made.update(data)
    return Hash(made)


def face(name: str, module: str) -> _New:
    """Return a module's ``new``. It raises ValueError where hashlib lacks the hash, as some FIPS builds do."""

    def new(data: Buffer | None = None) -> Hash:
        """Return a hash object that has hashed ``data``, by default nothing."""
        return _make(name, data)

    new.__module__, new.__qualname__ = module, "new"

    return new
