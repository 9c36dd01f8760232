"""UUIDs of RFC 9562, versions 4 and 7, that never repeat after a fork or a restore."""

import uuid

from ._front import uuids

uuid4, uuid7 = uuids(uuid.UUID, uuid.SafeUUID.unknown, "gorandom")


def uuid7_time(value: uuid.UUID) -> int:
    """Return the time in a UUID of version 7, whoever made it, in milliseconds since 1970 (UTC).

    It is what ``value.time`` is from Python 3.14 on. ValueError if the UUID is of another version, TypeError if it is
    no ``uuid.UUID``.
    """
    if not isinstance(value, uuid.UUID):
        raise TypeError(f"a uuid.UUID is required, not {type(value).__name__}")
    if value.version != 7:
        raise ValueError("this UUID is not of version 7")
    return value.int >> 80


uuid7_time.__module__ = "gorandom"
