"""activate() on another copy of OpenSSL than ssl's is undone. Run by test_openssl.py."""

import _ssl
import ssl

import psycopg2._psycopg as other
from openssl_served import served

import gorandom
from gorandom import openssl

openssl._extension = other
try:
    openssl.activate()
except RuntimeError as e:
    assert "another copy of OpenSSL is in use" in str(e), e
else:
    raise AssertionError
assert not openssl.active() and served() == 0
openssl._extension = _ssl
openssl.activate()
assert gorandom._openssl.activate(other.__file__).startswith("another copy")
assert openssl.active() and len(ssl.RAND_bytes(16)) == 16 and served() == 32 + 16
