"""UUIDs of RFC 9562, versions 4 and 7, that never repeat after a fork or a restore."""

import uuid

from ._front import uuids

uuid4, uuid7 = uuids(uuid.UUID, uuid.SafeUUID.unknown, "gorandom")
