"""What the programs of test_openssl.py share that call OpenSSL without the GIL. The import activates.

ctypes gives the GIL away, so OpenSSL's callback runs without it, and on threads that Python never saw."""

import _ssl
import ctypes

from gorandom import openssl

openssl.activate()
crypto = ctypes.CDLL(getattr(_ssl, "__file__", None))  # loaded already; its functions, through its dependencies
rand = crypto.RAND_bytes
rand.argtypes = [ctypes.c_void_p, ctypes.c_int]
