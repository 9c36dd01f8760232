"""Signed tokens, with a key of its own for each purpose; they are exchanged with itsdangerous.

    >>> from gorandom import get_random_bytes, signing
    >>> secret = get_random_bytes(32)  # to be kept
    >>> signer = signing.Signer(secret, "unsubscribe")
    >>> token = signer.sign("ada@example.org")
    >>> signer.unsign(token)
    b'ada@example.org'

A token is the value, which anybody can read, and an HMAC of it under a key that is derived from the secret and
the purpose: what was signed for one purpose verifies for no other. The secret should be 32 random bytes and
serve nothing else, since an HMAC of the purpose under it is the signing key.

By default all is HMAC-SHA-256 (RFC 2104, FIPS 180-4), and itsdangerous, given the purpose as ``salt``, makes and
reads the same tokens with ``key_derivation="hmac", digest_method=hashlib.sha256``. With
``compat="itsdangerous"`` they are those of its defaults: SHA-1 of purpose, ``signer`` and secret is the key of
an HMAC-SHA-1. Nothing but a program that has such tokens needs that; its purposes must be constants, because
two that collide under SHA-1 share a key. Purposes are to differ between classes too: ``Signer`` reads a token
of ``TimestampSigner`` with the same purpose, the time being a part of the value.

All here may be used from any thread, before and after any kind of fork, and subclassed. An object doesn't change
once it is made. Its keys stand in the undumped memory of ``gorandom.hmac.Key`` and are shown and pickled nowhere;
the secret itself is not kept. What making an object leaves in freed memory is not erased.

Signatures have one spelling: base64 that itsdangerous takes for the same (padding, foreign characters, set bits
after the last) is refused. Every token that it makes is read.
"""

from __future__ import annotations

import json
import time
import zlib
from binascii import Error, a2b_base64, b2a_base64
from datetime import datetime, timezone
from hashlib import sha1
from operator import index

from .hmac import Key, digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, Never, SupportsIndex, overload

    _Octets = str | bytes | bytearray

__all__ = [
    "BadData",
    "BadPayload",
    "BadSignature",
    "BadTimeSignature",
    "SignatureExpired",
    "Signer",
    "TimestampSigner",
    "URLSafeSerializer",
    "URLSafeTimedSerializer",
]

SHORT = 512  # bytes, so that each has all before it in zlib's window of 1024 less 262
LAST_TIMESTAMP = 253402300799  # seconds: the end of the year 9999, and of datetime

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")

# What itsdangerous writes; json.dumps would make an encoder for each call.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _encode(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")


def _decode(text: bytes) -> bytes | None:
    """The bytes whose encoding is exactly this, or None. Not in constant time: for what a token shows anyway."""
    try:
        data = a2b_base64(text.translate(_FROM_URL) + b"==")  # more padding than needed is passed over
    except Error:
        return None
    return data if _encode(data) == text else None


def _octets(what: str, given: _Octets) -> Any:
    if isinstance(given, str):
        try:
            return given.encode()
        except UnicodeEncodeError:
            pass  # it carries all of the text, which may be a secret
        raise ValueError(f"{what} must be text that UTF-8 can encode")
    if not isinstance(given, (bytes, bytearray)):
        raise TypeError(f"{what} must be bytes or str, not {type(given).__name__}")
    return given


def _date(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, timezone.utc)


def _compressed(data: bytes) -> bytes | None:
    """As zlib writes it, or None if that isn't two bytes shorter: itsdangerous' rule."""
    if len(data) <= SHORT:
        # zlib.compress clears 256 KB first, 40 us. Little data of a token gains by it, and a window of 1 KiB, in
        # which all of it lies, tells that in 2 us.
        probe = zlib.compressobj(wbits=10, memLevel=4)
        if len(probe.compress(data)) + len(probe.flush()) >= len(data) - 1:
            return None
    compressed = zlib.compress(data)
    return compressed if len(compressed) < len(data) - 1 else None


class BadData(Exception):
    """What all errors about a token are; ``message`` is the text. They show no part of the token."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadSignature(BadData):
    """The token was not signed with one of the secrets for this purpose, or it was altered.

    ``payload`` is the value if its signature was good, as in the subclasses; else None.
    """

    def __init__(self, message: str, payload: bytes | None = None) -> None:
        super().__init__(message)
        self.payload = payload


class BadTimeSignature(BadSignature):
    """A ``TimestampSigner`` refuses the token. ``date_signed`` is a ``datetime`` in UTC if it has expired."""

    def __init__(self, message: str, payload: bytes | None = None, date_signed: datetime | None = None) -> None:
        super().__init__(message, payload)
        self.date_signed = date_signed


class SignatureExpired(BadTimeSignature):
    """The signature is good, and older than ``max_age`` or from the future."""


class BadPayload(BadData):
    """The signature is good, but what it covers is no JSON; ``original_error`` says why."""

    def __init__(self, message: str, original_error: Exception | None = None) -> None:
        super().__init__(message)
        self.original_error = original_error


class _KeyHolder:
    def __reduce_ex__(self, protocol: SupportsIndex) -> Never:
        raise TypeError(f"cannot pickle or copy {type(self).__name__!r} object: it holds keys")


class Signer(_KeyHolder):
    """Signs bytes and text for one purpose; ``itsdangerous.Signer``.

    ``secret`` and ``purpose`` are bytes, bytearray or str, which stands for its UTF-8. ``secret`` signs; it and
    the ``old_secrets``, any number of them, verify. ``compat`` is None or ``"itsdangerous"``: see the module.
    ValueError for an empty secret or purpose, and for a secret of NUL bytes alone, which HMAC takes for an
    empty one; TypeError for other types.
    """

    _refusal = BadSignature

    def __init__(
        self,
        secret: _Octets,
        purpose: _Octets,
        *,
        old_secrets: Iterable[_Octets] = (),
        compat: Literal["itsdangerous"] | None = None,
    ) -> None:
        if compat not in (None, "itsdangerous"):
            raise ValueError('compat must be None or "itsdangerous"')
        if isinstance(old_secrets, (str, bytes, bytearray)):
            # Each of its characters would be a secret.
            raise TypeError("old_secrets must be a list of secrets, not one of them")
        context = _octets("purpose", purpose)
        if not context:
            raise ValueError("purpose must not be empty")
        keys = []
        for given in (secret, *old_secrets):
            one = _octets("secret", given)
            if not any(one):
                raise ValueError("secret must not be empty, nor NUL bytes alone")
            if compat is None:
                keys.append(Key(digest(one, context, "sha256"), "sha256"))
            else:
                state = sha1(context + b"signer")
                state.update(one)
                keys.append(Key(state.digest(), "sha1"))
        self._keys = tuple(keys)

    def sign(self, value: _Octets) -> bytes:
        """The value, ``.``, and the signature: 43 characters of URL-safe base64 (27 with ``compat``), as bytes."""
        value = bytes(_octets("value", value))
        return b"%b.%b" % (value, _encode(self._keys[0].digest(value)))

    def unsign(self, token: _Octets) -> bytes:
        """The signed value, as bytes. BadSignature if it can't be trusted, TypeError if it isn't bytes or str."""
        try:
            token = bytes(_octets("token", token))
        except ValueError:
            raise self._refusal("Token is not UTF-8") from None
        value, dot, signature = token.rpartition(b".")
        if not dot:
            raise self._refusal("No '.' in the token")
        tag = _decode(signature)
        if tag is None:
            raise self._refusal("Signature is not base64")
        for key in self._keys:
            try:
                key.verify(value, tag)
            except ValueError:
                continue
            return value
        raise self._refusal("Signature does not match")

    def validate(self, token: _Octets) -> bool:
        """Whether ``unsign`` takes the token; TypeError as there."""
        try:
            self.unsign(token)
        except BadSignature:
            return False
        return True


class TimestampSigner(Signer):
    """Signs the time with the value, so that a token can expire; ``itsdangerous.TimestampSigner``.

    Made as a ``Signer``. A subclass may have another clock: ``get_timestamp``.
    """

    _refusal = BadTimeSignature

    def get_timestamp(self) -> int:
        """The time: whole seconds since 1970-01-01 UTC, not past the year 9999."""
        return int(time.time())

    def _now(self) -> int:
        now = index(self.get_timestamp())
        if not 0 <= now <= LAST_TIMESTAMP:
            raise ValueError("get_timestamp() must be between the years 1970 and 9999")
        return now

    def sign(self, value: _Octets) -> bytes:
        """The value, ``.``, the time in base64, ``.``, and the signature of all that, as bytes."""
        stamp = self._now().to_bytes(8, "big").lstrip(b"\0")
        return super().sign(b"%b.%b" % (_octets("value", value), _encode(stamp)))

    if TYPE_CHECKING:

        @overload
        def unsign(
            self, token: _Octets, max_age: float | None = None, return_timestamp: Literal[False] = False
        ) -> bytes: ...
        @overload
        def unsign(
            self, token: _Octets, max_age: float | None = None, *, return_timestamp: Literal[True]
        ) -> tuple[bytes, datetime]: ...
        @overload
        def unsign(
            self, token: _Octets, max_age: float | None, return_timestamp: Literal[True]
        ) -> tuple[bytes, datetime]: ...
        @overload
        def unsign(
            self, token: _Octets, max_age: float | None = None, return_timestamp: bool = False
        ) -> bytes | tuple[bytes, datetime]: ...

    def unsign(
        self, token: _Octets, max_age: float | None = None, return_timestamp: bool = False
    ) -> bytes | tuple[bytes, datetime]:
        """The signed value, as bytes; with ``return_timestamp`` a tuple of it and the ``datetime`` in UTC.

        ``max_age`` is in seconds, an int or a float. SignatureExpired if the token is older, by as little as the
        clock's second, or from the future; with None the time is not looked at. BadTimeSignature, of which
        SignatureExpired is one, for every other token that is refused; TypeError as ``Signer``.
        """
        if max_age is not None and not isinstance(max_age, (int, float)):
            raise TypeError(f"max_age must be a number of seconds or None, not {type(max_age).__name__}")
        signed = super().unsign(token)
        value, dot, stamp = signed.rpartition(b".")
        if not dot:
            raise BadTimeSignature("No timestamp in the token", signed)
        number = _decode(stamp)
        if number is None or number.startswith(b"\0") or (then := int.from_bytes(number, "big")) > LAST_TIMESTAMP:
            raise BadTimeSignature("Malformed timestamp", value)
        if max_age is not None:
            age = self._now() - then
            if not 0 <= age <= max_age:  # so a max_age of NaN fails
                why = f"{age} < 0" if age < 0 else f"{age} > {max_age}"
                raise SignatureExpired(f"Signature age {why} seconds", value, _date(then))
        return (value, _date(then)) if return_timestamp else value

    def validate(self, token: _Octets, max_age: float | None = None) -> bool:
        """Whether ``unsign`` takes the token; TypeError as there."""
        try:
            self.unsign(token, max_age)
        except BadSignature:
            return False
        return True


class URLSafeSerializer(_KeyHolder):
    """Signs what JSON can hold, as text for a URL; ``itsdangerous.URLSafeSerializer``.

    Made as a ``Signer``; ``default_signer`` is the class that it signs with. The JSON is compressed (zlib) where
    that makes it shorter. A token is neither decompressed nor parsed before its signature was found good.
    """

    default_signer: type[Signer] = Signer

    def __init__(
        self,
        secret: _Octets,
        purpose: _Octets,
        *,
        old_secrets: Iterable[_Octets] = (),
        compat: Literal["itsdangerous"] | None = None,
    ) -> None:
        self._signer = self.default_signer(secret, purpose, old_secrets=old_secrets, compat=compat)

    def dumps(self, obj: Any) -> str:
        """The signed object, as ASCII str. TypeError and ValueError as ``json.dumps`` for what JSON can't hold."""
        data = _to_json(obj).encode()
        compressed = _compressed(data)
        payload = _encode(data) if compressed is None else b"." + _encode(compressed)
        return self._signer.sign(payload).decode("ascii")

    def loads(self, token: _Octets) -> Any:
        """The object. BadSignature and TypeError as ``Signer.unsign``; BadPayload if what was signed is no JSON."""
        return self._object(self._signer.unsign(token))

    @staticmethod
    def _object(payload: bytes) -> Any:
        data = _decode(payload.removeprefix(b"."))
        if data is None:
            raise BadPayload("Payload is not base64")
        try:
            if payload.startswith(b"."):
                data = zlib.decompress(data)
            return json.loads(data.decode())
        except (ValueError, zlib.error, RecursionError) as error:
            raise BadPayload("Payload is not JSON", error) from error


class URLSafeTimedSerializer(URLSafeSerializer):
    """``URLSafeSerializer`` over a ``TimestampSigner``; ``itsdangerous.URLSafeTimedSerializer``."""

    default_signer: type[TimestampSigner] = TimestampSigner
    _signer: TimestampSigner

    def loads(self, token: _Octets, max_age: float | None = None, return_timestamp: bool = False) -> Any:
        """The object; with ``return_timestamp`` a tuple of it and the ``datetime`` in UTC.

        ``max_age`` and the errors as of ``TimestampSigner.unsign``; BadPayload if what was signed is no JSON.
        """
        payload, date = self._signer.unsign(token, max_age, return_timestamp=True)
        obj = self._object(payload)
        return (obj, date) if return_timestamp else obj
