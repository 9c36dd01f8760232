"""deactivate() leaves a generator that was set after activate(). Run by test_openssl.py."""

import ctypes

from openssl_without_gil import crypto

from gorandom import openssl

openssl.activate()
crypto.RAND_get_rand_method.restype = crypto.RAND_OpenSSL.restype = ctypes.c_void_p
crypto.RAND_set_rand_method.argtypes = [ctypes.c_void_p]
words = (ctypes.c_void_p * 6).from_address(crypto.RAND_OpenSSL())
theirs = (ctypes.c_void_p * 6)(*words)
crypto.RAND_set_rand_method(ctypes.addressof(theirs))
assert not openssl.active()
openssl.deactivate()
assert crypto.RAND_get_rand_method() == ctypes.addressof(theirs)
crypto.RAND_set_rand_method(crypto.RAND_OpenSSL())
