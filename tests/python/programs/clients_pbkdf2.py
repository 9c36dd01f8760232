"""The package pbkdf2 computes with gorandom's HMAC: test_clients.py runs this."""

import hashlib

import pbkdf2

# isort: split
import gorandom.compat.pycrypto.Hash.HMAC  # after the client, which must itself find everything that it needs
import gorandom.compat.pycrypto.Hash.SHA

assert pbkdf2.HMAC is gorandom.compat.pycrypto.Hash.HMAC and pbkdf2.SHA1 is gorandom.compat.pycrypto.Hash.SHA
# RFC 6070; and a key that is longer than a block
assert pbkdf2.PBKDF2("password", "salt", 2).hexread(20) == "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
assert pbkdf2.PBKDF2("X" * 65, "salt", 7).read(50) == hashlib.pbkdf2_hmac("sha1", b"X" * 65, b"salt", 7, 50)
assert pbkdf2.crypt("secret", pbkdf2.crypt("secret", "XXXXXXXX")) == pbkdf2.crypt("secret", "XXXXXXXX")
print("sound")
