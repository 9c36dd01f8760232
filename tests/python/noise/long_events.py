"""OpenSSL's RAND_add of more than an event holds, before there is a core: what is kept, and whether all else goes on."""

import _ssl
import hashlib
import json
import os
import re
import ssl

import gorandom._openssl

import gorandom


def secret_pages():
    """What stands in the memory that is wiped at fork: the kept events are there."""
    found = b""
    with open("/proc/self/smaps") as smaps, open("/proc/self/mem", "rb", 0) as memory:
        for line in smaps:
            if span := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
                start, end = (int(number, 16) for number in span.groups())
            elif line.startswith("VmFlags:") and " wf" in line:
                memory.seek(start)
                found += memory.read(end - start)
    return found


assert gorandom._openssl.activate(_ssl.__file__) is None  # openssl.activate() would draw
data = os.urandom(1000)
ssl.RAND_add(data, 0.0)
pages = secret_pages()
assert hashlib.sha256(data).digest() in pages and data[32:64] not in pages, "kept as it came"
for _ in range(100):  # as many as are kept
    ssl.RAND_add(os.urandom(1000), 0.0)
ssl.RAND_add(bytes(1 << 20), 0.0)
gorandom.fill(bytearray(1 << 20))
ssl.RAND_add(data, 0.0)
pid = os.fork()
if pid == 0:
    gorandom.fill(bytearray(1 << 20))
    os._exit(0)
print(json.dumps({"mode": gorandom.status().mode, "child": os.waitpid(pid, 0)[1]}))
