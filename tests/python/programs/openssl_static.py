"""An OpenSSL that is linked statically cannot be reached. Run by test_openssl.py."""

import _ssl

from cryptography.hazmat.bindings import _rust
from cryptography.hazmat.primitives.asymmetric import ec
from openssl_served import served

from gorandom import openssl

openssl._extension = _rust
try:
    openssl.activate()
except RuntimeError as e:
    assert "statically" in str(e), e
else:
    raise AssertionError
openssl._extension = _ssl
openssl.activate()
before = served()
ec.generate_private_key(ec.SECP256R1())
assert served() == before, "it is reached after all: say so in the docs"
