"""HMAC (RFC 2104) with the API of PyCrypto's and PyCryptodome's ``Crypto.Hash.HMAC``, over ``gorandom.hmac``.

``gorandom.hmac`` differs from this API if no digest is named: the default is MD5 here, and a TypeError there.
"""

from __future__ import annotations

from gorandom import hmac as _hmac

from ._face import Hash as _Hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from typing_extensions import Buffer

    class _DigestMod(Protocol):
        @property
        def new(self) -> Callable[..., Any]: ...


__all__ = ["new", "digest_size", "HMAC"]

digest_size = None
"""None: each object has its own."""


def _told(name: str, *tellers: object) -> Any:
    return next((size for teller in tellers if (size := getattr(teller, name, None)) is not None), None)


class _Foreign:
    """Another package's hash object, with the sizes from its module, in the form that the engine needs."""

    __slots__ = ("_hash", "digest_size", "block_size")

    def __init__(self, made: Any, digestmod: object) -> None:
        self._hash = made
        self.digest_size = _told("digest_size", digestmod, made) or len(self.digest())
        block_size = _told("block_size", digestmod, made)
        if block_size is not None:  # otherwise the engine applies its own rule
            self.block_size = block_size

    def update(self, data: Buffer) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        # Use a copy, because PyCryptodome's SHA-3 accepts no more data after a digest.
        return self._hash.copy().digest()

    def hexdigest(self) -> str:
        return self.digest().hex()

    def copy(self) -> _Foreign:
        return _Foreign(self._hash.copy(), self)


def _constructor(digestmod: _DigestMod | None) -> str | Callable[..., _Foreign]:
    """Return what the engine accepts in place of a hash module or object."""
    if digestmod is None:
        return "md5"
    made = digestmod.new()
    if isinstance(made, _Hash):
        return made.name

    def construct(data: Buffer = b"") -> _Foreign:
        made = _Foreign(digestmod.new(), digestmod)
        if data:
            made.update(data)
        return made

    return construct


class HMAC:
    """An HMAC that is being computed, or checked.

    ``key`` and ``msg`` are bytes-like, of any length, and may change afterwards; a str is a TypeError. ``msg=None`` is
    b"". ``digestmod`` is a hash module, a hash object, or anything with ``new``, ``digest_size`` and ``block_size``;
    by default it is MD5, as in PyCrypto, so name it. If the block size of a hash is unknown, it is taken to be 64
    bytes, as in PyCrypto, with a RuntimeWarning.

    ``digest_size`` is the tag's length in bytes. An object begun before a fork can be finished in the child.
    """

    __slots__ = ("_mac", "digest_size")

    def __init__(self, key: Buffer, msg: Buffer | None = None, digestmod: _DigestMod | None = None) -> None:
        if not isinstance(key, (bytes, bytearray)):
            key = memoryview(key).tobytes()
        self._mac = _hmac.new(key, msg, _constructor(digestmod))
        self.digest_size = self._mac.digest_size

    def update(self, msg: Buffer) -> HMAC:
        """Authenticate more bytes, also after a ``digest()``. Return the object itself."""
        self._mac.update(msg)
        return self

    def copy(self) -> HMAC:
        """Return an independent object with the same key, hash and bytes so far."""
        other = HMAC.__new__(HMAC)
        other._mac, other.digest_size = self._mac.copy(), self.digest_size
        return other

    def digest(self) -> bytes:
        """Return the tag of the bytes so far, ``digest_size`` bytes; more may follow."""
        return self._mac.digest()

    def hexdigest(self) -> str:
        """Return ``digest()`` as a str of lower-case hexadecimal digits."""
        return self._mac.hexdigest()

    def verify(self, mac_tag: Buffer) -> None:
        """Return None if the bytes-like ``mac_tag`` equals the whole tag, else raise ValueError("MAC check failed").

        The time does not depend on where they differ.
        """
        self._mac.verify(mac_tag)

    def hexverify(self, hex_mac_tag: str | bytes | bytearray) -> None:
        """Do what ``verify`` does, for hexadecimal digits, upper or lower case, in a str, bytes or bytearray.

        ``binascii.Error``, which is a ValueError, for what is not hexadecimal.
        """
        self._mac.hexverify(hex_mac_tag)


def new(key: Buffer, msg: Buffer | None = None, digestmod: _DigestMod | None = None) -> HMAC:
    """Return ``HMAC(key, msg, digestmod)``."""
    return HMAC(key, msg, digestmod)
