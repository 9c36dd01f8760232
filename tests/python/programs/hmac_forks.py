"""Objects begun in a parent are finished in 20 generations of children: test_hmac.py runs this."""

import os
import sys

import gorandom
from gorandom import hmac

NAMES = ["sha256", "sha512", "blake2b", "sha3_256"]
gorandom.get_random_bytes(int(sys.argv[1]))
keys = [hmac.Key(b"key", name) for name in NAMES]
begun = [hmac.new(b"key", b"mes", name) for name in NAMES]
for object in begun[2:]:
    object.update(b"")
want = [hmac.digest(b"key", b"message", name) for name in NAMES]


def check(depth):
    gorandom.get_random_bytes(int(sys.argv[2]))
    for key, object, tag in zip(keys, begun, want):
        assert key.digest(b"message") == tag
        assert key.digests([b"message", b"x"])[0] == tag
        other = object.copy()
        other.update(b"sage")
        assert other.digest() == tag
    assert [hmac.new(b"key", b"message", name).digest() for name in NAMES] == want
    assert [hmac.digest(b"key", b"message", name) for name in NAMES] == want
    assert [hmac.Key(b"key", name).digest(b"message") for name in NAMES] == want
    if depth:
        pid = os.fork()
        if not pid:
            check(depth - 1)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0


check(20)
print("sound")
