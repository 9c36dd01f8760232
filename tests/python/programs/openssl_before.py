"""Before activate() OpenSSL draws nothing from gorandom. Run by test_openssl.py."""

import ssl

from openssl_served import served

from gorandom import openssl

assert not openssl.active() and openssl.deactivate() is None
ssl.RAND_bytes(16)
assert not openssl.active() and served() == 0
