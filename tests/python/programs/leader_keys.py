"""When the pthread keys are made: ours at the import, Go's at the start of the core. Run by test_leader.py.

glibc gives a key the smallest free number, and calls the destructors in the order of the numbers.
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
assert imported - before == 2, (before, imported)  # only one key between them
assert started - imported == 2, (imported, started)
