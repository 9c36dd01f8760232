"""Draws through OpenSSL while the interpreter ends. Run by test_openssl.py."""

import atexit
import ctypes
import importlib.util
import ssl
import threading

# OPENSSL_INIT_NO_ATEXIT, which OpenSSL accepts only in the very first call.
origin = importlib.util.find_spec("_ssl").origin
library = ctypes.CDLL(None if origin == "built-in" else origin)
assert library.OPENSSL_init_crypto(ctypes.c_uint64(0x80000), None) == 1

from openssl_without_gil import rand  # noqa: E402


def work():
    buffer = ctypes.create_string_buffer(100_000)
    ready.release()
    while True:
        rand(buffer, 100_000)
        rand(buffer, 16)


ready = threading.Semaphore(0)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
    ready.acquire()
atexit.register(lambda: print(len(ssl.RAND_bytes(16))))
