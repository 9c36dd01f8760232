"""The status of a child and of its child, after a small draw and a large one. Run by test_status.py."""

import os

import gorandom


def child(depth):
    s = gorandom.status()
    assert s.generation == depth and s.ready, s
    gorandom.get_random_bytes(16)
    s = gorandom.status()
    print(s.mode, s.generation, s.reason, sep="|", flush=True)
    gorandom.get_random_bytes(2 << 20)
    s = gorandom.status()
    print(s.mode, s.generation, s.reason, sep="|", flush=True)
    if depth < 2:
        fork(depth + 1)


def fork(depth):
    pid = os.fork()
    if not pid:
        try:
            child(depth)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


gorandom.get_random_bytes(16)
fork(1)
