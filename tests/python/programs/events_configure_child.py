"""A configure() call also holds in a child, until the child makes its own: test_api_events.py runs this."""

import os
import sys

import gorandom

first, second = sys.argv[1:]
gorandom.configure(start=first)
gorandom.get_random_bytes(16)
child = os.fork()
if not child:
    status = 1
    try:
        if second:
            gorandom.configure(start=second)
        gorandom.get_random_bytes(16)
        one = gorandom.status().mode
        gorandom.get_random_bytes(4 << 20)
        print(one, gorandom.status().mode, flush=True)
        status = 0
    finally:
        os._exit(status)
assert os.waitpid(child, 0)[1] == 0
