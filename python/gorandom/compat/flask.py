"""Flask's sessions, signed by gorandom. An application that switches to them keeps its existing sessions.

    >>> import flask
    >>> from gorandom.compat.flask import SessionInterface
    >>> app = flask.Flask("example")
    >>> app.session_interface = SessionInterface()

The cookies are Flask's own, so servers with and without this line can share them. ImportError without Flask.
"""

from __future__ import annotations

import itsdangerous as _itsdangerous
from flask.sessions import SecureCookieSessionInterface as _Base

from gorandom import signing as _signing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from flask import Flask

__all__ = ["SessionInterface"]


class _Serializer(_signing.URLSafeTimedSerializer):
    def loads(self, token: Any, max_age: Any = None, return_timestamp: bool = False, **leeway: Any) -> Any:
        try:
            return super().loads(token, max_age, return_timestamp, **leeway)
        except _signing.BadSignature as error:  # Flask catches itsdangerous' and begins an empty session
            raise _itsdangerous.BadSignature(error.message) from error


class SessionInterface(_Base):
    """``flask.sessions.SecureCookieSessionInterface`` over ``gorandom.signing``.

    ``SECRET_KEY``, ``SECRET_KEY_FALLBACKS``, and a subclass's ``salt`` and ``serializer`` mean what they mean to
    Flask. Instead of ``digest_method`` and ``key_derivation`` a subclass sets ``compat``. ``"flask"`` means SHA-1,
    Flask's default. None means SHA-256: the cookies are then the same as Flask's with ``hashlib.sha256`` as
    ``digest_method``, and SHA-1 cookies are not read. The object may be shared by threads and forked workers.
    """

    compat: Literal["flask"] | None = "flask"

    def get_signing_serializer(self, app: Flask) -> Any:
        """Return the serializer for the application's secrets, or None if it has none.

        ValueError for an empty fallback, with which anybody could sign (Flask accepts one), and for a subclass that
        sets ``digest_method`` or ``key_derivation``.
        """
        if self.digest_method is not _Base.digest_method or self.key_derivation != _Base.key_derivation:
            raise ValueError("digest_method and key_derivation have no effect here: set compat instead (None for SHA-256)")
        if not app.secret_key:
            return None
        return _Serializer(
            app.secret_key,
            self.salt,
            old_secrets=app.config.get("SECRET_KEY_FALLBACKS") or (),
            serializer=self.serializer,
            compat=self.compat,
        )
