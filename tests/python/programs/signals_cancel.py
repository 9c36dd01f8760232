"""Threads are cancelled in the middle of draws. Run by test_signals.py."""

import ctypes
import json

import child

import gorandom

library = ctypes.CDLL(child.helper()._name)  # called without the GIL, because its threads need it
drawing = ctypes.c_int()
buffer = bytearray(6 << 20)


@ctypes.CFUNCTYPE(None)
def draw():
    drawing.value = 1
    gorandom.fill(buffer)


gorandom.get_random_bytes(16)
api = ctypes.pythonapi
ended = [
    library.host_cancel(draw, ctypes.byref(drawing), api.PyGILState_Ensure, api.PyEval_SaveThread) for _ in range(40)
]
gorandom.fill(buffer)
gorandom.reseed()
print(json.dumps({"ended": ended, "mode": gorandom.status().mode}))
