"""Children and their children use the kernel that argv[1] names. Run by test_keystream.py."""

import os
import sys

import gorandom

gorandom.get_random_bytes(1)
del os.environ["GORANDOM_KEYSTREAM"]


def generation(n):
    pid = os.fork()
    if pid == 0:
        ok = gorandom.get_random_bytes(1 << 20) and gorandom.status().mode == "core"
        ok = ok and gorandom.status().keystream == sys.argv[1] and gorandom.status().generation == n
        if ok and n < 2:
            generation(n + 1)
        os._exit(not ok)
    if os.waitpid(pid, 0)[1]:
        print(gorandom.status())
        os._exit(1)


generation(1)
