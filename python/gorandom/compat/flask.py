"""Flask's sessions, signed by gorandom: an application keeps the sessions that it has.

    >>> import flask
    >>> from gorandom.compat.flask import SessionInterface
    >>> app = flask.Flask("example")
    >>> app.session_interface = SessionInterface()

The cookies are Flask's own, so servers with and without this line share them. ImportError without Flask.
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
        except _signing.BadSignature as error:  # Flask knows itsdangerous' and begins an empty session
            raise _itsdangerous.BadSignature(error.message) from error


class SessionInterface(_Base):
    """``flask.sessions.SecureCookieSessionInterface`` over ``gorandom.signing``.

    ``SECRET_KEY``, ``SECRET_KEY_FALLBACKS``, and the attributes ``salt`` and ``serializer`` of subclasses are Flask's.
    ``compat`` decides the digest: ``"flask"`` is SHA-1, as by Flask's default. With None it is SHA-256: then the cookies
    are those of a Flask whose ``digest_method`` is ``hashlib.sha256``, and older ones are not read.
    """

    compat: Literal["flask"] | None = "flask"

    def get_signing_serializer(self, app: Flask) -> Any:
        """The serializer for the application's secrets, or None if it has none. ValueError for an empty fallback."""
        if not app.secret_key:
            return None
        return _Serializer(
            app.secret_key,
            self.salt,
            old_secrets=app.config.get("SECRET_KEY_FALLBACKS") or (),
            serializer=self.serializer,
            compat=self.compat,
        )
