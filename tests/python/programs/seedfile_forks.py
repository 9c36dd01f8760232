"""Forks while another thread saves a seed file. Run by test_seedfile.py."""

import os
import sys
import threading

from gorandom import seedfile

path = sys.argv[1]
stop = False


def work():
    while not stop:
        seedfile.save(path, timeout=60)


t = threading.Thread(target=work)
t.start()
try:
    for _ in range(60):
        r, w = os.pipe()
        child = os.fork()
        if not child:
            # The child must have no descriptor of another thread's call, and so not its lock.
            left = [
                os.readlink("/proc/self/fd/" + fd)
                for fd in os.listdir("/proc/self/fd")
                if os.path.exists("/proc/self/fd/" + fd)
            ]
            os._exit(1 if any(path in name or name == os.path.dirname(path) for name in left) else 0)
        os.close(r)
        os.close(w)
        assert os.waitpid(child, 0)[1] == 0
    child = os.fork()
    if not child:
        os._exit(0 if seedfile.load(path, timeout=60) == 64 else 2)
    assert os.waitpid(child, 0)[1] == 0
finally:
    stop = True
    t.join()
