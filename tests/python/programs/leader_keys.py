"""Which pthread keys are made: ours at the import, and none by the core: test_leader.py.

glibc gives keys the smallest free number.
"""

import ctypes

create = ctypes.CDLL(None).pthread_key_create


def new_key():
    key = ctypes.c_uint()
    assert create(ctypes.byref(key), None) == 0
    return key.value


before = new_key()
import gorandom  # noqa: E402

imported = new_key()
gorandom.get_random_bytes(1)
started = new_key()
assert gorandom.status().mode == "core"
assert imported - before == 2, (before, imported)  # one between them
assert started - imported == 1, (imported, started)
