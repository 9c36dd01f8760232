"""simple-crypt encrypts, or decrypts sys.argv[2], with "ours" or "theirs" as its HMAC: test_clients.py runs this."""

import sys

import simplecrypt

# isort: split
import gorandom.compat.pycrypto.Hash.HMAC  # after the client, which must itself find everything that it needs

simplecrypt.EXPANSION_COUNT = (50, 50, 50)
assert (simplecrypt.HMAC is gorandom.compat.pycrypto.Hash.HMAC) is (sys.argv[1] == "ours"), simplecrypt.HMAC
if sys.argv[2:]:
    print(simplecrypt.decrypt("password", bytes.fromhex(sys.argv[2])))
else:
    print(simplecrypt.encrypt("password", "text").hex())
