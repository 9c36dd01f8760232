"""A replacement for the standard library's ``hmac`` (RFC 2104), computed by the Go core.

    >>> from gorandom import hmac
    >>> hmac.new(b"key", b"message", "sha256").hexdigest()[:16]
    '6e9ef29b75fffc5b'
    >>> hmac.digest(b"key", b"message", "sha256") == hmac.Key(b"key", "sha256").digest(b"message")
    True

Go computes ``digest()`` and ``Key``, which prepares a key once for many messages. Where the processor has instructions
for SHA-256, that digest is computed without entering Go's runtime, also in ``new(key, message, "sha256").digest()``. The
standard library's code computes the rest: messages fed in pieces, digests that Go lacks, long messages, and all digests
but SHA-256 in a process without a core. The tags are the same.

Everything may be used from any thread and in any process. An HMAC begun in a parent can be finished in its forked child.
If two threads feed one object at once, the order is unspecified.

Name digests as ``hashlib`` does; its constructors, other callables and PEP 247 modules work too. Keys and messages may
have any length, in every process (before CPython 3.14 the standard library refuses more than 2 GiB).
"""

from __future__ import annotations

import functools as _functools
import hashlib as _hashlib
import hmac as _hmac
from binascii import unhexlify as _unhexlify
from contextlib import suppress as _suppress

from . import _front
from ._front import compare_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any, NoReturn, Self

    from typing_extensions import Buffer

    # A name, a constructor such as hashlib.sha256, or a PEP 247 module.
    _Digest = str | Callable[..., Any] | ModuleType

__all__ = ["HMAC", "Key", "compare_digest", "digest", "new"]

digest_size = None
"""None, as in the standard library: the size depends on the digest."""

# Numbers of the digests that the core has, by everything that names them: hashlib's names and constructors.
_NUMBERS: dict[object, int] = {}
for _number, (_name, _size, _block) in enumerate(_front.MACS):
    _NUMBERS[_name] = _number
    if hasattr(_hashlib, _name):
        _NUMBERS[getattr(_hashlib, _name)] = _number
del _number, _name, _size, _block

# SHA-256's number, where the front computes it without entering Go. For a single message that is faster than OpenSSL.
# For the other digests an object of the standard library is faster.
_HERE = 0 if _front.hmac256 else -2  # -2 is no digest's number
_HERE_BLOCK = _front.MACS[0][2]
_KEPT_WHOLE = 16 << 10  # bytes; keys up to this size are kept unhashed


def _number_of(digestmod: object) -> int | None:
    try:
        return _NUMBERS.get(digestmod)
    except TypeError:  # an unhashable object names no digest either
        return None


def digest(key: Buffer, msg: Buffer, digest: _Digest) -> bytes:
    """Return the tag of ``msg`` under ``key``, both bytes-like, like ``new(key, msg, digest).digest()`` but faster.

    ValueError for an unknown digest and TypeError for other types, as in the standard library. (For a program's own
    digest with a block of fewer than 16 bytes the standard library's ``digest()`` differs from its ``new()``. This
    function agrees with ``new()``, and gives the same RuntimeWarning.)
    """
    number = _number_of(digest)
    if number is not None:
        try:
            tag = _front.hmac(number, key, msg)
        except (TypeError, BufferError):
            # Raise the standard library's error. PyPy's digest() accepts a str and raises none; then raise this one.
            _hmac.digest(key, msg, digest)  # type: ignore[arg-type]
            raise
        if tag is not None:
            return tag
    elif digest and not isinstance(digest, str):
        return _by_hashlib(digest, key, msg)
    try:
        return _hmac.digest(key, msg, digest)  # type: ignore[arg-type]
    except OverflowError:
        return Key(key, digest).digest(msg)


# Bound once, because super() costs as much as a short message's tag.
_init, _update, _digest, _object = _hmac.HMAC.__init__, _hmac.HMAC.update, _hmac.HMAC.digest, object.__new__


class HMAC(_hmac.HMAC):
    """The standard library's HMAC object with ``verify`` and ``hexverify``; ``new()`` makes it.

    It can't be pickled, because that would show the key.
    """

    # The key and the message of an object that has got nothing else and has been asked for no more than its tag. While
    # this is set, the standard library's slots are empty, and __getattr__ answers for the empty ones.
    __slots__ = ("_whole",)
    _whole: tuple[bytes, bytes, list[_hmac.HMAC]] | None

    def __init__(self, key: bytes | bytearray, msg: Buffer | None = None, digestmod: _Digest = "") -> None:
        if (
            _number_of(digestmod) != _HERE
            or type(key) not in (bytes, bytearray)
            or not (msg is None or type(msg) is bytes)
        ):
            self._whole = None
            try:
                _init(self, key, msg, digestmod)
            except OverflowError:  # a key of more than 2 GiB
                _init(self, _hash(digestmod, key), msg, digestmod)
        else:
            self._whole = bytes(key) if len(key) <= _HERE_BLOCK else _hash("sha256", key), msg or b"", []

    def _begin(self) -> None:
        """Become the standard library's object."""
        whole = self._whole
        if whole is not None:
            key, message, made = whole
            # Another thread may be here too, or the child of a fork, or a signal handler that raises. So _whole stays
            # set until every slot is filled. The first object made serves all threads, because data fed to any other
            # would be lost.
            made.append(_hmac.HMAC(key, message, "sha256"))
            for name in _hmac.HMAC.__slots__:
                setattr(self, name, getattr(made[0], name, None))
            self._whole = None

    def __getattr__(self, name: str) -> Any:
        if name == "_whole":  # the object was made by __new__ alone
            return None
        if self._whole is not None:
            if name == "digest_size":
                return _front.MACS[_HERE][1]
            if name == "block_size":
                return _front.MACS[_HERE][2]
            if name in ("_hmac", "_inner", "_outer"):
                self._begin()
                return getattr(self, name)
        return object.__getattribute__(self, name)  # another thread may have begun it; otherwise the right error

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    @property
    def name(self) -> str:
        """``"hmac-"`` followed by the digest's name."""
        return "hmac-sha256" if self._whole is not None else super().name

    def update(self, msg: Buffer) -> None:
        """Feed bytes-like ``msg``; TypeError for a str."""
        self._begin()
        _update(self, msg)

    def copy(self) -> Self:
        """Return an independent object that has been fed the same data."""
        self._begin()
        other: Any = super().copy()
        other._whole = None
        other.block_size = self.block_size  # which the standard library forgets
        return other

    __copy__ = copy

    def digest(self) -> bytes:
        """Return the tag of the data fed so far; more may follow."""
        whole = self._whole
        if whole is None:
            return _digest(self)
        return _front.hmac(_HERE, whole[0], whole[1])  # type: ignore[return-value]

    def hexdigest(self) -> str:
        """Return ``digest()`` as lower-case hexadecimal digits."""
        return self.digest().hex()

    def verify(self, tag: Buffer) -> None:
        """Raise ValueError unless the bytes-like ``tag`` equals the whole ``digest()``. Takes constant time."""
        if not compare_digest(self.digest(), tag):
            raise ValueError("MAC check failed")

    def hexverify(self, hextag: str | Buffer) -> None:
        """Do ``verify`` for a tag in hexadecimal digits, upper or lower case, as str or bytes-like.

        ``binascii.Error``, which is a ValueError, for anything that is not hexadecimal.
        """
        self.verify(_unhexlify(hextag))


def new(key: bytes | bytearray, msg: Buffer | None = None, digestmod: _Digest = "") -> HMAC:
    """Return an ``HMAC`` object for ``key`` (bytes or bytearray), fed with ``msg`` if that is given.

    ``digestmod`` is required. TypeError and ValueError as in the standard library.
    """
    # This does what __init__ does for the plainest arguments, without its calls, which cost as much as the tag.
    if type(key) is bytes and type(msg) is bytes and len(key) <= _HERE_BLOCK and _number_of(digestmod) == _HERE:
        made = _object(HMAC)
        made._whole = key, msg, []
        return made
    return HMAC(key, msg, digestmod)


def _by_hashlib(digestmod: _Digest, key: Buffer, message: Buffer) -> bytes:
    plain = key if isinstance(key, (bytes, bytearray)) else memoryview(key).tobytes()
    return _hmac.new(plain, message, digestmod).digest()


class Key(_front.Key):
    """A key prepared for one digest and any number of messages: ``digest``, ``digests``, ``verify``.

    ``key`` is bytes-like, of any length. What the object keeps of it is as sensitive as the key. So it is in memory that
    is left out of core dumps and, if the system allows it, of swap, and it is erased when the object ends. The object can
    be neither pickled nor copied, and does not show the key. Erasing the ``key`` that was passed in is up to the caller.
    ``hashlib`` gets a copy of the key for each message that neither C nor the core can hash: if the process has no core,
    if the core is busy or lacks the digest, or for more than 1 MiB. That copy is erased afterwards, unless ``hashlib``
    keeps it. A key of more than 16 KiB may leave its hash in the interpreter's memory.

    TypeError for other types, ValueError for an unknown digest, MemoryError if no such memory is available.
    """

    __slots__ = ()

    def __new__(cls, key: Buffer, digestmod: _Digest) -> Self:
        if isinstance(key, str):
            raise TypeError("key: expected bytes-like, but got 'str'")
        number = _number_of(digestmod)
        kept: _Digest
        if number is not None:
            name, digest_size, block_size = _front.MACS[number]
            names, kept = f"hmac-{name}", name
        else:
            like = _hmac.HMAC(b"", None, digestmod)  # which also raises its errors
            number, kept = -1, digestmod
            names, digest_size, block_size = like.name, like.digest_size, like.block_size
        view: bytes | memoryview = memoryview(key).cast("B")
        if len(view) > max(block_size, _KEPT_WHOLE) and number != _HERE:
            # RFC 2104's first step, done once. A hash that is longer than a block would be hashed again. The hash is
            # as sensitive as the key, and stays in the interpreter's memory. So keys of usual length are kept
            # unhashed.
            with _suppress(ValueError):  # hmac may know a name that hashlib does not: SHA3_224 since CPython 3.14
                first = _hash(digestmod, view)
                view = first if len(first) <= block_size else view
        return super().__new__(cls, number, digest_size, block_size, names, _functools.partial(_by_hashlib, kept), view)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def __repr__(self) -> str:
        return f"<gorandom.hmac.Key {self.name}>"


def _hash(digestmod: _Digest, message: Buffer) -> bytes:
    if isinstance(digestmod, str):
        return _hashlib.new(digestmod, message).digest()
    return (digestmod if callable(digestmod) else digestmod.new)(message).digest()
