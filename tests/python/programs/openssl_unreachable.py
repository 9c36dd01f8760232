"""activate() on libraries through which OpenSSL cannot be reached. Run by test_openssl.py."""

import _ssl

from openssl_served import served

import gorandom
from gorandom import openssl


class Other:
    __file__ = gorandom._front.__file__


openssl._extension = Other
try:
    openssl.activate()
except RuntimeError as e:
    assert "statically" in str(e) and "ssl cannot draw" in str(e), e
else:
    raise AssertionError
assert not openssl.active()
Other.__file__ = "/nowhere/_ssl.so"
try:
    openssl.activate()
except RuntimeError as e:
    assert "not loaded" in str(e), e
else:
    raise AssertionError
assert not openssl.active() and served() == 0
openssl._extension = _ssl
openssl.activate()
