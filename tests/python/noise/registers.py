"""Vector registers of another process's threads, by ptrace(2)."""

import ctypes
import os

SEIZE, INTERRUPT, DETACH, GETREGSET = 0x4206, 0x4207, 17, 0x4204
NT_PRFPREG = 2
WALL = 0x40000000

_ptrace = ctypes.CDLL(None, use_errno=True).ptrace
_ptrace.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 3
_ptrace.restype = ctypes.c_long


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def _do(request, thread, address=0, data=0):
    if _ptrace(request, thread, address, data):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def of_thread(thread):
    """xmm0 to xmm15, or v0 to v31, and what stands beside them."""
    _do(SEIZE, thread)
    _do(INTERRUPT, thread)
    os.waitpid(thread, WALL)
    room = ctypes.create_string_buffer(4096)
    place = _Iovec(ctypes.addressof(room), len(room))
    _do(GETREGSET, thread, NT_PRFPREG, ctypes.addressof(place))
    _do(DETACH, thread)
    return room.raw[: place.size]
