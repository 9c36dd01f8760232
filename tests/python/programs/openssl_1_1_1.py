"""OpenSSL 1.1.1 draws from gorandom. Run by test_openssl.py."""

import ctypes
import os

import gorandom._openssl
import psycopg2._psycopg as other

crypto = ctypes.CDLL(other.__file__)
crypto.OpenSSL_version.restype = ctypes.c_char_p
assert crypto.OpenSSL_version(0).startswith(b"OpenSSL 1.1.1"), crypto.OpenSSL_version(0)


def draw(n):
    buffer = ctypes.create_string_buffer(n)
    before = gorandom._openssl.state()[1]
    assert crypto.RAND_bytes(buffer, n) == crypto.RAND_priv_bytes(buffer, n) == 1 and any(buffer.raw)
    return gorandom._openssl.state()[1] - before


assert draw(16) == 0
assert gorandom._openssl.activate(other.__file__) is None
assert gorandom._openssl.state()[0] and draw(16) == 32 and draw(100_000) == 200_000 and crypto.RAND_status() == 1
crypto.RAND_add(b"x" * 100, 100, ctypes.c_double(1.0))
crypto.RAND_seed(b"x" * 10, 10)
child = os.fork()
if not child:
    os._exit(draw(16) != 32)
assert os.waitpid(child, 0)[1] == 0
gorandom._openssl.deactivate()
assert draw(16) == 0 and not gorandom._openssl.state()[0]
