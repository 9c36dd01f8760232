"""UUIDs of versions 4 and 7 (RFC 9562) that never repeat after a fork or a restore."""

from __future__ import annotations

import uuid
from operator import index

from ._front import get_random_bytes, uuids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import SupportsIndex


# The front calls these two functions with the arguments that it was given, so that Python refuses wrong ones. The
# names in their bodies mean the front's functions, which replace these below.


def uuid4() -> uuid.UUID:
    return uuid4()


def uuid7(*, timestamp: SupportsIndex | None = None) -> uuid.UUID:
    if timestamp is None:
        return uuid7()
    time = index(timestamp)
    if not 0 <= time < 1 << 48:
        raise ValueError("timestamp must be in milliseconds since 1970, 0 <= timestamp < 2**48")
    drawn = int.from_bytes(get_random_bytes(10), "big")
    rand_a, rand_b = drawn >> 64 & 0xFFF, drawn & (1 << 62) - 1  # RFC 9562's names
    return uuid.UUID(int=time << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b)


if not TYPE_CHECKING:
    uuid4, uuid7 = uuids(uuid.UUID, uuid.SafeUUID.unknown, "gorandom", {"uuid4": uuid4, "uuid7": uuid7})


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
