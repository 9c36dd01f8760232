"""Shared by the programs of test_openssl.py that call OpenSSL without the GIL. Importing it activates gorandom.

ctypes releases the GIL, so OpenSSL's callback runs without it, and in threads that Python never saw."""

import _ssl
import ctypes

from gorandom import openssl

openssl.activate()
crypto = ctypes.CDLL(getattr(_ssl, "__file__", None))  # loaded already; its functions, through its dependencies
rand = crypto.RAND_bytes
rand.argtypes = [ctypes.c_void_p, ctypes.c_int]
