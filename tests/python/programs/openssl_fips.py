"""activate() refuses an OpenSSL in FIPS mode. Run by test_openssl.py."""

import ssl
import sys

from openssl_served import served

from gorandom import openssl

if ssl.OPENSSL_VERSION_INFO < (3,):
    sys.exit()
try:
    openssl.activate()
except RuntimeError as e:
    assert "FIPS mode" in str(e), e
else:
    raise AssertionError
assert not openssl.active() and served() == 0
