"""Forked children draw different bytes through ssl. Run by test_openssl.py."""

import os
import ssl
import sys

from openssl_served import served

import gorandom
from gorandom import openssl

if sys.argv[1] == "before":
    openssl.activate()
ssl.RAND_bytes(16)
if sys.argv[1] == "after":
    openssl.activate()
size = int(sys.argv[2])
r, w = os.pipe()
children = []
for _ in range(20):
    pid = os.fork()
    if not pid:
        assert openssl.active()
        before = served()
        drawn = ssl.RAND_bytes(size)
        assert served() - before == size
        os.write(w, drawn[:16] + drawn[-16:] + gorandom.get_random_bytes(32))
        os._exit(0)
    children.append(pid)
assert not any(os.waitpid(pid, 0)[1] for pid in children)
os.close(w)
theirs = b""
while part := os.read(r, 65536):
    theirs += part
tokens = [theirs[i : i + 16] for i in range(0, len(theirs), 16)] + [ssl.RAND_bytes(size)[:16]]
assert len(tokens) == len(set(tokens)) == 81, len(set(tokens))
