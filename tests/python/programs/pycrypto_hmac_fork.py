"""HMACs begun before a fork are finished in parent and child. Run by test_pycrypto_hmac.py."""

import hmac
import os

from gorandom.compat.pycrypto.Hash import HMAC, SHA256


class Foreign:
    digest_size, block_size = 32, 64

    def new(self):
        import hashlib

        return hashlib.sha256()


for drawn in (False, True):
    if drawn:
        import gorandom

        gorandom.get_random_bytes(1 << 20)  # starts a core where the mode has one
    for digestmod in (SHA256, Foreign()):
        for key in (b"key", b"k" * 100):
            begun = HMAC.new(key, b"a" * 100, digestmod)
            r, w = os.pipe()
            for child in range(3):
                if not os.fork():
                    begun.update(b"child %d" % child)
                    os.write(w, begun.copy().digest() + begun.digest())
                    os._exit(0)
                assert os.wait()[1] == 0
                tag = os.read(r, 100)
                assert tag == 2 * hmac.digest(key, b"a" * 100 + b"child %d" % child, "sha256")
            assert begun.update(b"parent").digest() == hmac.digest(key, b"a" * 100 + b"parent", "sha256")
print("sound")
