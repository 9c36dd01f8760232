"""Hold a prepared key until a line of stdin, then let it go until the next: test_hmac.py runs this."""

import sys

from gorandom import hmac

name = sys.argv[1]
key = bytearray(range(100, 148))
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
