"""One signer in the parent, children and grandchildren, beside threads. Run by test_signing.py."""

import json
import os
import threading

import gorandom
from gorandom import signing

gorandom.get_random_bytes(16)
compats = (None, "itsdangerous")
kinds = [signing.Signer("secret", "purpose", old_secrets=["old"], compat=compat) for compat in compats]
tokens = [kind.sign("value") for kind in kinds]
stop = threading.Event()


def draw():
    while not stop.is_set():
        kinds[0].unsign(kinds[0].sign(b"x" * 5000))


threads = [threading.Thread(target=draw) for _ in range(2)]


def right():
    read = [kind.unsign(token) for kind, token in zip(kinds, tokens)]
    return read == [b"value"] * 2 and [kind.sign("value") for kind in kinds] == tokens


def child(depth):
    pid = os.fork()
    if not pid:
        os._exit(0 if right() and (not depth or child(depth - 1)) else 1)
    return os.waitpid(pid, 0)[1] == 0


found = [child(2) for _ in range(5)]
for thread in threads:
    thread.start()
found += [child(1) for _ in range(20)]
stop.set()
for thread in threads:
    thread.join()
print(json.dumps([all(found), len(found), right()]))
