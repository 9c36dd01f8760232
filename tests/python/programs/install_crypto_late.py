"""install_as_crypto() after the import of PyCryptodome that argv[1] names. Run by test_install_crypto.py."""

import sys

exec(sys.argv[1])
import Crypto  # noqa: E402

parent = Crypto
import gorandom  # noqa: E402

gorandom.install_as_crypto()
import Crypto.Random  # noqa: E402
from Crypto import Random  # noqa: E402

assert sys.modules["Crypto"] is parent is Crypto
assert Crypto.Random is Random is sys.modules["Crypto.Random"] is gorandom.compat.pycrypto.Random
from Crypto.Cipher import AES  # noqa: E402
from Crypto.Hash import SHA256  # noqa: E402

assert SHA256.new(b"").digest_size == 32
assert len(AES.new(Random.get_random_bytes(32), AES.MODE_CTR).encrypt(b"x" * 100)) == 100
