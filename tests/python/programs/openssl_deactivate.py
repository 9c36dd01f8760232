"""After deactivate() OpenSSL's own generator serves again. Run by test_openssl.py."""

import ssl

from openssl_served import served

from gorandom import openssl

for _ in range(3):
    openssl.activate()
    openssl.activate()
    assert openssl.active()
    openssl.deactivate()
    assert not openssl.active()
    before = served()
    assert len(ssl.RAND_bytes(16)) == 16 and served() == before
    openssl.deactivate()
