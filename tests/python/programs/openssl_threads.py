"""Threads draw through OpenSSL with and without the GIL. Run by test_openssl.py."""

import ctypes
import ssl
import threading

from openssl_served import served
from openssl_without_gil import rand

drawn, failed = [], []


def work(n):
    buffer = ctypes.create_string_buffer(n)
    for _ in range(50):
        if rand(buffer, n) != 1:
            failed.append(n)
        drawn.append(buffer.raw[:16])
        drawn.append(ssl.RAND_bytes(16))


before = served()
threads = [threading.Thread(target=work, args=(n,)) for n in (16, 1000, 5000, 100_000) * 3]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not failed and len(set(drawn)) == len(drawn) == 12 * 100
assert served() - before == 3 * 50 * (16 + 1000 + 5000 + 100_000) + 600 * 16
