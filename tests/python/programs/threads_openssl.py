"""Four threads switch OpenSSL's generator. Run by test_threads.py."""

import ssl
import sys

from threads_together import SLOW, run

from gorandom import _openssl, openssl

try:
    openssl.activate()
except RuntimeError:
    sys.exit()  # this OpenSSL cannot draw from gorandom: test_openssl.py says why
library = openssl._extension.__file__


def switches():
    for _ in range(20_000 // SLOW):
        _openssl.activate(library)
        _openssl.deactivate()


run(*[switches] * 4)
openssl.deactivate()
assert not openssl.active()
assert len(ssl.RAND_bytes(16)) == 16
