"""After install_as_crypto() Crypto.Random is gorandom's; PyCryptodome keeps the rest. Run by test_install_crypto.py."""

import sys

import gorandom

assert gorandom.install_as_crypto() is None
import importlib  # noqa: E402

import Crypto  # noqa: E402
import Crypto.Random  # noqa: E402
from Crypto import Random  # noqa: E402
from Crypto.Random import atfork, get_random_bytes, new  # noqa: E402

assert sys.modules["Crypto.Random"] is Crypto.Random is Random is gorandom.compat.pycrypto.Random
assert importlib.import_module("Crypto.Random") is gorandom.compat.pycrypto.Random
assert get_random_bytes is gorandom.get_random_bytes and new is gorandom.new and atfork is gorandom.atfork
assert Random.__name__ == "gorandom.compat.pycrypto.Random" and gorandom.atfork.__module__ == "gorandom"
assert len(Random.new().read(16)) == len(get_random_bytes(16)) == 16

parent, path = sys.modules["Crypto"], list(sys.path)
for _ in range(3):
    gorandom.install_as_crypto()
assert (
    sys.modules["Crypto"] is parent
    and sys.modules["Crypto.Random"] is gorandom.compat.pycrypto.Random
    and sys.path == path
)
assert Random.new is gorandom.new

try:
    import Crypto.Cipher.AES
    from Crypto.Cipher import AES

    print(len(AES.new(get_random_bytes(16), AES.MODE_ECB).encrypt(bytes(16))))
except ImportError as e:
    print(type(e).__name__, e)
try:
    import Crypto.Nothing
except ModuleNotFoundError as e:
    assert e.name == "Crypto.Nothing", e.name
else:
    raise AssertionError("Crypto.Nothing")
