"""UUIDs of RFC 9562, versions 4 and 7, that forks and clones cannot make repeat."""

import os
import time
import uuid
from _thread import RLock

from ._front import get_random_bytes

_VERSION_7 = 7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = 74  # of version 7: rand_a has 12, rand_b 62
_STEP_BITS = 62  # of the random distance between two of one millisecond

# The last one's time in ms and its 74 bits as one number; one tuple, so that a reader sees both of the same.
_last = (-1, 0)
# An RLock, held across a fork: a child must not wait for a thread that it doesn't have, nor a signal's
# handler for the function that it interrupted.
_lock = RLock()
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def uuid4():
    """A random ``uuid.UUID``: 122 random bits (RFC 9562, 5.4). Waits until the system's generator is ready."""
    return uuid.UUID(bytes=get_random_bytes(16), version=4)


def uuid7():
    """A ``uuid.UUID`` of the time in milliseconds and 74 further bits (RFC 9562, 5.7).

    In one process each is greater than the one before, in all threads. Within a millisecond it is so by a
    random step of up to 2**62 (6.2, method 2), which is fresh in each process: a forked child and its parent
    go on from the same one and still differ. Should the clock go back, or the bits be used up, the time in it
    runs ahead of the clock's. Waits until the system's generator is ready.
    """
    global _last
    drawn = int.from_bytes(get_random_bytes(18), "big")  # before the lock: a draw may wait
    with _lock:
        now, (time_ms, value) = time.time_ns() // 1_000_000, _last
        if now > time_ms:
            # The top bit stays free, so that a millisecond has room for thousands.
            time_ms, value = now, drawn & ((1 << _RANDOM_BITS - 1) - 1)
        else:
            value += 1 + (drawn & ((1 << _STEP_BITS) - 1))
            if value >> _RANDOM_BITS:
                time_ms, value = time_ms + 1, drawn >> _STEP_BITS & ((1 << _RANDOM_BITS - 1) - 1)
        _last = time_ms, value
    high, low = value >> 62, value & ((1 << 62) - 1)
    return uuid.UUID(int=time_ms << 80 | _VERSION_7 | high << 64 | _VARIANT | low)
