"""Hold a prepared key until a line comes on stdin, then drop it and wait for the next: test_hmac.py runs this."""

import sys

from gorandom import hmac

name, size = sys.argv[1], int(sys.argv[2])
key = bytearray(i * 151 % 256 for i in range(size))
made = hmac.Key(key, name)
other = hmac.Key(b"x", name)  # the page stays in use
made.digest(b"message")
made.digests([b"message"])
made.verify(b"message", made.digest(b"message"))
for i in range(len(key)):
    key[i] = 0
print("made", flush=True)
sys.stdin.readline()
del made
print("ended", flush=True)
sys.stdin.readline()
