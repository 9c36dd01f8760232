"""Draws of all sizes and kinds, in a parent and its child: test_memory.py runs this under valgrind."""

import os
import sys
import threading

import gorandom
from gorandom import hmac, random, secrets, signing


def draw():
    for n in (0, 1, 16, 1024, 1025, 4096, 70_000, 2 << 20):
        gorandom.get_random_bytes(n)
    gorandom.fill(bytearray(5000))
    gorandom.urandom(16)
    gorandom.add_event(b"event", 3)
    gorandom.reseed()
    gorandom.new().read(100)
    random.shuffle(list(range(100)))
    secrets.token_hex(), secrets.randbelow(10**30), gorandom.uuid4(), gorandom.uuid7(), gorandom.SystemRandom().random()
    for name in ("sha256", "sha512", "blake2b"):
        hmac.Key(b"key", name).digests([b"message"] * 50 + [bytes((1 << 20) + 1)])
        hmac.digest(b"key" * 100, b"message", name)
        hmac.new(b"key", b"message", name).verify(hmac.digest(b"key", b"message", name))
    signer = signing.TimestampSigner("secret", "purpose")
    signer.unsign(signer.sign("value"), 60)
    threads = [threading.Thread(target=gorandom.get_random_bytes, args=(n,)) for n in (16, 3000, 2 << 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


draw()
pid = os.fork()
draw()
if pid:
    pid, status = os.waitpid(pid, 0)
    print(gorandom.status().mode, os.WIFEXITED(status))
sys.stdout.flush()
