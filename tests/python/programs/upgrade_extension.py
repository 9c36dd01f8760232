"""An extension module of another version than the base is refused: test_upgrade.py."""

import ctypes
import importlib
import sys

from gorandom import _front

pointer = ctypes.pythonapi.PyCapsule_GetPointer
pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
version = ctypes.c_char_p.from_address(pointer(_front._base, b"gorandom._front._base"))  # the struct's first field
ours, version.value = version.value, b"0.0.0"
try:
    importlib.import_module(f"gorandom.{sys.argv[1]}")
except ImportError as e:
    assert str(e) == (
        f"gorandom 0.0.0 runs in this process, and this file is of gorandom {ours.decode()}: start the process anew"
    ), e
else:
    raise AssertionError("imported")
version.value = ours
importlib.import_module(f"gorandom.{sys.argv[1]}")
