"""Signed tokens, with a separate key for each purpose; itsdangerous reads and makes the same tokens.

    >>> from gorandom import get_random_bytes, signing
    >>> secret = get_random_bytes(32)  # to be kept
    >>> signer = signing.Signer(secret, "unsubscribe")
    >>> token = signer.sign("ada@example.org")
    >>> signer.unsign(token)
    b'ada@example.org'

A token consists of the value, which anybody can read, and an HMAC of it. The HMAC's key is derived from the secret and
the purpose, so a token signed for one purpose does not verify for another. The secret should be 32 random bytes and
have no other use, because the signing key is an HMAC of the purpose under it.

By default everything is HMAC-SHA-256 (RFC 2104, FIPS 180-4). itsdangerous, given the purpose as ``salt``, makes and
reads the same tokens with ``key_derivation="hmac", digest_method=hashlib.sha256``. ``salt=`` is another name of
``purpose=``. ``compat`` is for programs that have issued tokens already. ``compat="itsdangerous"`` makes tokens as
with its defaults: the key of an HMAC-SHA-1 is the SHA-1 of purpose, ``signer`` and secret. Purposes must be constants
there, because two that collide under SHA-1 share a key. ``compat="flask"`` makes tokens as in Flask's session cookies,
all HMAC-SHA-1; ``gorandom.compat.flask`` has the session interface. Use different purposes for different classes, too:
``Signer`` accepts a token of ``TimestampSigner`` with the same purpose, and treats the time as part of the value.

Everything here may be used from any thread, before and after any kind of fork, and subclassed. An object doesn't
change once it is made. Its keys are in the memory of ``gorandom.hmac.Key``, which core dumps leave out; they are never
shown or pickled. The secret itself is not kept. Traces that making an object leaves in freed memory are not erased.

A signature has only one spelling. Variants in base64 that itsdangerous accepts (padding, foreign characters, extra
bits set at the end) are refused. Every token that itsdangerous makes is accepted.
"""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from binascii import Error, a2b_base64, b2a_base64
from datetime import datetime, timedelta, timezone
from operator import index

from .hmac import Key, digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, Never, Protocol, SupportsIndex, overload

    _Octets = str | bytes | bytearray
    _Seconds = float | timedelta
    _Compat = Literal["itsdangerous", "flask"] | None

    class _Serializer(Protocol):
        # loads() takes the type that dumps() gives, str or bytes.
        def dumps(self, obj: Any, /) -> Any: ...
        def loads(self, data: Any, /) -> Any: ...

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

SHORT = 512  # bytes: at each one, all earlier ones are in zlib's window of 1024 - 262
LAST_TIMESTAMP = 253402300799  # seconds: the end of the year 9999, and of datetime

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")

# It writes what itsdangerous writes. json.dumps would make an encoder for each call.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _encode(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")


def _decode(text: bytes) -> bytes | None:
    """Return the bytes whose encoding is exactly this, or None. Not in constant time; a token shows this data anyway."""
    try:
        data = a2b_base64(text.translate(_FROM_URL) + b"==")  # extra padding is ignored
    except Error:
        return None
    return data if _encode(data) == text else None


def _octets(what: str, given: _Octets | None) -> Any:
    if isinstance(given, str):
        try:
            return given.encode()
        except UnicodeEncodeError:
            pass  # not chained: it contains the whole text, which may be a secret
        raise ValueError(f"{what} must be text that UTF-8 can encode")
    if not isinstance(given, (bytes, bytearray)):
        raise TypeError(f"{what} must be bytes or str, not {type(given).__name__}")
    return given


def _purpose(purpose: _Octets | None, salt: _Octets | None) -> _Octets:
    if purpose is not None and salt is not None:
        raise TypeError("purpose and salt are names of the same: give one of them")
    context = salt if purpose is None else purpose
    if not _octets("purpose", context):
        raise ValueError("purpose must not be empty")
    return context  # type: ignore[return-value]


def _seconds(what: str, given: _Seconds) -> float:
    if isinstance(given, timedelta):
        return given / timedelta(seconds=1)
    if not isinstance(given, (int, float)):
        raise TypeError(f"{what} must be a number of seconds or a timedelta, not {type(given).__name__}")
    return given


def _sha1_key(secret: bytes | bytearray, context: bytes | bytearray, compat: _Compat) -> Key:
    try:
        if compat == "flask":
            return Key(digest(secret, context, "sha1"), "sha1")
        state = hashlib.new("sha1", context + b"signer")
    except ValueError as error:
        raise ValueError(f'compat="{compat}" needs SHA-1, which this Python\'s hashlib lacks') from error
    state.update(secret)
    return Key(state.digest(), "sha1")


def _date(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, timezone.utc)


def _compressed(data: bytes) -> bytes | None:
    """Return data compressed by zlib, or None if that isn't at least two bytes shorter: itsdangerous' rule."""
    if len(data) <= SHORT:
        # zlib.compress clears 256 KB first, which takes 40 us. Short data seldom gets smaller. A window of 1 KiB holds
        # all of it, and shows that in 2 us.
        probe = zlib.compressobj(wbits=10, memLevel=4)
        if len(probe.compress(data)) + len(probe.flush()) >= len(data) - 1:
            return None
    compressed = zlib.compress(data)
    return compressed if len(compressed) < len(data) - 1 else None


class BadData(Exception):
    """Base class of all errors about a token. ``message`` is the text, which shows no part of the token."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadSignature(BadData):
    """The token was not signed with one of the secrets for this purpose, or it was altered.

    ``payload`` is the value if its signature was good, as in errors of subclasses, and otherwise None.
    """

    def __init__(self, message: str, payload: bytes | None = None) -> None:
        super().__init__(message)
        self.payload = payload


class BadTimeSignature(BadSignature):
    """A ``TimestampSigner`` refused the token. ``date_signed`` is a ``datetime`` in UTC if the token has expired."""

    def __init__(self, message: str, payload: bytes | None = None, date_signed: datetime | None = None) -> None:
        super().__init__(message, payload)
        self.date_signed = date_signed


class SignatureExpired(BadTimeSignature):
    """The signature is good, but it is older than ``max_age`` or from the future."""


class BadPayload(BadData):
    """The signature is good, but the serializer (JSON) can't read what it covers; ``original_error`` says why."""

    def __init__(self, message: str, original_error: Exception | None = None) -> None:
        super().__init__(message)
        self.original_error = original_error


class _KeyHolder:
    def __reduce_ex__(self, protocol: SupportsIndex) -> Never:
        raise TypeError(f"cannot pickle or copy {type(self).__name__!r} object: it holds keys")


class Signer(_KeyHolder):
    """Sign bytes and text for one purpose; ``itsdangerous.Signer``.

    ``secret`` and ``purpose`` are bytes, bytearray or str, which is encoded as UTF-8. ``salt`` is itsdangerous' name for
    the purpose; pass one of the two. ``secret`` signs. To verify, ``secret`` and any number of ``old_secrets`` are tried.
    ``compat`` is None, ``"itsdangerous"`` or ``"flask"``: see the module.

    ValueError for an empty secret or purpose, and for a secret of only NUL bytes, which HMAC treats as an empty one;
    TypeError for other types.
    """

    _refusal = BadSignature

    if TYPE_CHECKING:

        @overload
        def __init__(
            self,
            secret: _Octets,
            purpose: _Octets,
            *,
            salt: None = None,
            old_secrets: Iterable[_Octets] = (),
            compat: _Compat = None,
        ) -> None: ...
        @overload
        def __init__(
            self,
            secret: _Octets,
            purpose: None = None,
            *,
            salt: _Octets,
            old_secrets: Iterable[_Octets] = (),
            compat: _Compat = None,
        ) -> None: ...

    def __init__(
        self,
        secret: _Octets,
        purpose: _Octets | None = None,
        *,
        salt: _Octets | None = None,
        old_secrets: Iterable[_Octets] = (),
        compat: _Compat = None,
    ) -> None:
        if compat not in (None, "itsdangerous", "flask"):
            raise ValueError('compat must be None, "itsdangerous" or "flask"')
        if isinstance(old_secrets, (str, bytes, bytearray)):
            # Otherwise each of its characters would be a secret.
            raise TypeError("old_secrets must be a list of secrets, not one of them")
        context = _octets("purpose", _purpose(purpose, salt))
        keys = []
        for given in (secret, *old_secrets):
            one = _octets("secret", given)
            if not any(one):
                raise ValueError("secret must not be empty, nor NUL bytes alone")
            if compat is None:
                keys.append(Key(digest(one, context, "sha256"), "sha256"))
            else:
                keys.append(_sha1_key(one, context, compat))
        self._keys = tuple(keys)

    def sign(self, value: _Octets) -> bytes:
        """Return the value, ``.``, and the signature (43 URL-safe characters, 27 with ``compat``), as bytes."""
        value = bytes(_octets("value", value))
        return b"%b.%b" % (value, _encode(self._keys[0].digest(value)))

    def unsign(self, token: _Octets) -> bytes:
        """Return the signed value, as bytes.

        BadSignature if it can't be trusted, TypeError if the token isn't bytes, bytearray or str.
        """
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
        """Return whether ``unsign`` accepts the token; TypeError as there."""
        try:
            self.unsign(token)
        except BadSignature:
            return False
        return True


class TimestampSigner(Signer):
    """Sign the time with the value, so that a token can expire; ``itsdangerous.TimestampSigner``.

    The arguments are those of ``Signer``. A subclass may provide another clock by ``get_timestamp``.
    """

    _refusal = BadTimeSignature

    def get_timestamp(self) -> int:
        """Return the time in whole seconds since 1970-01-01 UTC, at most to the year 9999. By default, ``time.time()``."""
        return int(time.time())

    def _now(self) -> int:
        now = index(self.get_timestamp())
        if not 0 <= now <= LAST_TIMESTAMP:
            raise ValueError("get_timestamp() must be between the years 1970 and 9999")
        return now

    def sign(self, value: _Octets) -> bytes:
        """Return the value, ``.``, the time in base64, ``.``, and the signature of all this, as bytes."""
        stamp = self._now().to_bytes(8, "big").lstrip(b"\0")
        return super().sign(b"%b.%b" % (_octets("value", value), _encode(stamp)))

    if TYPE_CHECKING:

        @overload
        def unsign(
            self,
            token: _Octets,
            max_age: _Seconds | None = None,
            return_timestamp: Literal[False] = False,
            *,
            leeway: _Seconds = 0,
        ) -> bytes: ...
        @overload
        def unsign(
            self,
            token: _Octets,
            max_age: _Seconds | None = None,
            *,
            return_timestamp: Literal[True],
            leeway: _Seconds = 0,
        ) -> tuple[bytes, datetime]: ...
        @overload
        def unsign(
            self, token: _Octets, max_age: _Seconds | None, return_timestamp: Literal[True], *, leeway: _Seconds = 0
        ) -> tuple[bytes, datetime]: ...
        @overload
        def unsign(
            self,
            token: _Octets,
            max_age: _Seconds | None = None,
            return_timestamp: bool = False,
            *,
            leeway: _Seconds = 0,
        ) -> bytes | tuple[bytes, datetime]: ...

    def unsign(
        self,
        token: _Octets,
        max_age: _Seconds | None = None,
        return_timestamp: bool = False,
        *,
        leeway: _Seconds = 0,
    ) -> bytes | tuple[bytes, datetime]:
        """Return the signed value, as bytes; with ``return_timestamp`` a tuple of it and the ``datetime`` in UTC.

        ``max_age`` is a number of seconds or a ``timedelta``. SignatureExpired if the token is older, even by a
        second, or from the future. If ``max_age`` is None, the time is not checked. ``leeway``, of the same types, is
        for machines whose clocks differ: a token may be older than ``max_age`` by this much, or come from this far in
        the future.

        BadTimeSignature, the base of SignatureExpired, for every other token that is refused. TypeError as for
        ``Signer``. ValueError for a leeway that is negative or longer than the years up to 9999.
        """
        limit = None if max_age is None else _seconds("max_age", max_age)
        spare = _seconds("leeway", leeway)
        if not 0 <= spare <= LAST_TIMESTAMP:
            raise ValueError(f"leeway must be between 0 and {LAST_TIMESTAMP} seconds")
        signed = super().unsign(token)
        value, dot, stamp = signed.rpartition(b".")
        if not dot:
            raise BadTimeSignature("No timestamp in the token", signed)
        number = _decode(stamp)
        if number is None or number.startswith(b"\0") or (then := int.from_bytes(number, "big")) > LAST_TIMESTAMP:
            raise BadTimeSignature("Malformed timestamp", value)
        if limit is not None:
            age = self._now() - then
            if not (-spare <= age and age - spare <= limit):  # so a max_age of NaN fails
                # No age is less than -LAST_TIMESTAMP, and Python refuses to print an int of thousands of digits.
                shown = max(limit, -LAST_TIMESTAMP)
                why = f"{age} < {0 - spare}" if age < -spare else f"{age} > {shown}" + (f" + {spare}" if spare else "")
                raise SignatureExpired(f"Signature age {why} seconds", value, _date(then))
        return (value, _date(then)) if return_timestamp else value

    def validate(self, token: _Octets, max_age: _Seconds | None = None, *, leeway: _Seconds = 0) -> bool:
        """Return whether ``unsign`` accepts the token; TypeError and ValueError as there."""
        try:
            self.unsign(token, max_age, leeway=leeway)
        except BadSignature:
            return False
        return True


class URLSafeSerializer(_KeyHolder):
    """Sign what JSON can represent, as text for a URL; ``itsdangerous.URLSafeSerializer``.

    The arguments are those of ``Signer``; ``default_signer`` is the class that signs. The JSON is compressed (zlib) if
    that makes it shorter. A token is not decompressed or parsed before its signature has been verified.

    ``serializer`` replaces JSON. It is an object or a module with ``dumps`` and ``loads``. ``dumps`` returns str or
    bytes, and ``loads`` gets the same type; ``dumps({})`` is called once, when the object is made, to see which. With
    ``pickle``, anyone who knows the secret can run code here.
    """

    default_signer: type[Signer] = Signer

    if TYPE_CHECKING:

        @overload
        def __init__(
            self,
            secret: _Octets,
            purpose: _Octets,
            *,
            salt: None = None,
            old_secrets: Iterable[_Octets] = (),
            serializer: _Serializer | None = None,
            compat: _Compat = None,
        ) -> None: ...
        @overload
        def __init__(
            self,
            secret: _Octets,
            purpose: None = None,
            *,
            salt: _Octets,
            old_secrets: Iterable[_Octets] = (),
            serializer: _Serializer | None = None,
            compat: _Compat = None,
        ) -> None: ...

    def __init__(
        self,
        secret: _Octets,
        purpose: _Octets | None = None,
        *,
        salt: _Octets | None = None,
        old_secrets: Iterable[_Octets] = (),
        serializer: _Serializer | None = None,
        compat: _Compat = None,
    ) -> None:
        self._signer = self.default_signer(secret, _purpose(purpose, salt), old_secrets=old_secrets, compat=compat)
        self._serializer = serializer
        self._is_text = serializer is None or isinstance(serializer.dumps({}), str)

    def dumps(self, obj: Any) -> str:
        """Return the signed object, as an ASCII str. The serializer raises TypeError or ValueError for other objects."""
        if self._serializer is None:
            data = _to_json(obj).encode()
        else:
            data = bytes(_octets("what the serializer's dumps() gives", self._serializer.dumps(obj)))
        compressed = _compressed(data)
        payload = _encode(data) if compressed is None else b"." + _encode(compressed)
        return self._signer.sign(payload).decode("ascii")

    def loads(self, token: _Octets) -> Any:
        """Return the object. BadSignature and TypeError as ``Signer.unsign``; BadPayload if the serializer can't read it."""
        return self._object(self._signer.unsign(token))

    def _object(self, payload: bytes) -> Any:
        data = _decode(payload.removeprefix(b"."))
        if data is None:
            raise BadPayload("Payload is not base64")
        try:
            if payload.startswith(b"."):
                data = zlib.decompress(data)
            loads = json.loads if self._serializer is None else self._serializer.loads
            return loads(data.decode() if self._is_text else data)
        except MemoryError:
            raise
        except Exception as error:
            what = "JSON" if self._serializer is None else "what the serializer makes"
            raise BadPayload(f"Payload is not {what}", error) from error


class URLSafeTimedSerializer(URLSafeSerializer):
    """``URLSafeSerializer`` over a ``TimestampSigner``; ``itsdangerous.URLSafeTimedSerializer``."""

    default_signer: type[TimestampSigner] = TimestampSigner
    _signer: TimestampSigner

    def loads(
        self,
        token: _Octets,
        max_age: _Seconds | None = None,
        return_timestamp: bool = False,
        *,
        leeway: _Seconds = 0,
    ) -> Any:
        """Return the object; with ``return_timestamp`` a tuple of it and the ``datetime`` in UTC.

        ``max_age``, ``leeway`` and the errors are those of ``TimestampSigner.unsign``; BadPayload if the serializer can't
        read the object.
        """
        payload, date = self._signer.unsign(token, max_age, return_timestamp=True, leeway=leeway)
        obj = self._object(payload)
        return (obj, date) if return_timestamp else obj
