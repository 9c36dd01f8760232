"""UUIDs of RFC 9562, versions 4 and 7, that never repeat after a fork or a restore."""

import uuid

from ._front import uuids

uuid4, uuid7 = uuids(uuid.UUID, uuid.SafeUUID.unknown, "gorandom")


def uuid7_time(value: uuid.UUID) -> int:
    """Return the time in a version 7 UUID, in milliseconds since 1970 (UTC). Any library may have made the UUID.

    It equals ``value.time`` in Python 3.14 and later. ValueError if the UUID has another version, TypeError if
    ``value`` is not a ``uuid.UUID``.
    """
    if not isinstance(value, uuid.UUID):
        raise TypeError(f"a uuid.UUID is required, not {type(value).__name__}")
    if value.version != 7:
        raise ValueError("this UUID is not of version 7")
    return value.int >> 80


uuid7_time.__module__ = "gorandom"
