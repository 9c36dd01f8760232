"""Check whether a thread inside the gate waits for the GIL: test_gate.py runs this."""

import json
import sys
import threading
import time

from gate import child
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator

import gorandom
from gorandom import _front, hmac

library = child.helper()  # called with the GIL held
generator, key = FortunaGenerator.AESGenerator(), hmac.Key(b"key", "sha512")
generator.reseed(b"seed")
buffer = bytearray(100_000)
ACTIONS = {
    "small request": lambda: generator.pseudo_random_data(16),
    "large request": lambda: generator.pseudo_random_data(100_000),
    "small keystream": lambda: _front.keystream(_front.KERNELS[0], bytes(32), bytes(16), 64),
    "large keystream": lambda: _front.keystream(_front.KERNELS[0], bytes(32), bytes(16), 100_000),
    "small message": lambda: key.digest(b"message"),
    "large message": lambda: key.digest(buffer),
    "messages": lambda: key.digests([buffer, buffer]),
    "fill": lambda: gorandom.fill(buffer),
    "reseed": gorandom.reseed,
    "add_event": lambda: gorandom.add_event(b"event"),
    "status": gorandom.status,
}
waits = {}
for name, action in ACTIONS.items():
    stop = False

    def act():
        while not stop:
            action()

    thread = threading.Thread(target=act)
    thread.start()
    looks = []
    for _ in range(int(sys.argv[1])):
        time.sleep(0)  # the other thread has the GIL now, until it releases it
        looks.append(library.host_sleeps_inside(thread.native_id))
    stop = True
    thread.join()
    if any(looks):
        waits[name] = looks
print(json.dumps(waits))
