from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, Never, SupportsIndex, overload

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

SHORT: int
LAST_TIMESTAMP: int

_Octets = str | bytes | bytearray

class BadData(Exception):
    message: str
    def __init__(self, message: str) -> None: ...

class BadSignature(BadData):
    payload: bytes | None
    def __init__(self, message: str, payload: bytes | None = None) -> None: ...

class BadTimeSignature(BadSignature):
    date_signed: datetime | None
    def __init__(self, message: str, payload: bytes | None = None, date_signed: datetime | None = None) -> None: ...

class SignatureExpired(BadTimeSignature): ...

class BadPayload(BadData):
    original_error: Exception | None
    def __init__(self, message: str, original_error: Exception | None = None) -> None: ...

class _KeyHolder:
    def __reduce_ex__(self, protocol: SupportsIndex) -> Never: ...

class Signer(_KeyHolder):
    def __init__(
        self,
        secret: _Octets,
        purpose: _Octets,
        *,
        old_secrets: Iterable[_Octets] = (),
        compat: Literal["itsdangerous"] | None = None,
    ) -> None: ...
    def sign(self, value: _Octets) -> bytes: ...
    def unsign(self, token: _Octets) -> bytes: ...
    def validate(self, token: _Octets) -> bool: ...

class TimestampSigner(Signer):
    def get_timestamp(self) -> int: ...
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
    def validate(self, token: _Octets, max_age: float | None = None) -> bool: ...

class URLSafeSerializer(_KeyHolder):
    default_signer: type[Signer]
    def __init__(
        self,
        secret: _Octets,
        purpose: _Octets,
        *,
        old_secrets: Iterable[_Octets] = (),
        compat: Literal["itsdangerous"] | None = None,
    ) -> None: ...
    def dumps(self, obj: Any) -> str: ...
    def loads(self, token: _Octets) -> Any: ...

class URLSafeTimedSerializer(URLSafeSerializer):
    default_signer: type[TimestampSigner]
    def loads(self, token: _Octets, max_age: float | None = None, return_timestamp: bool = False) -> Any: ...
