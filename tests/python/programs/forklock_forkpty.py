"""A thread whose os.forkpty() gets no descriptors, and then another that forks: test_forklock.py runs this."""

import os
import resource
import sys
import threading
import warnings

import gorandom

warnings.simplefilter("ignore", DeprecationWarning)  # the program has threads
sys.unraisablehook = lambda unraisable: None  # CPython 3.15 complains of the missing descriptor
limit = resource.getrlimit(resource.RLIMIT_NOFILE)


def fails():
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limit[1]))
    try:
        os.forkpty()
    except OSError:
        pass
    else:
        raise AssertionError("it had descriptors")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def forks():
    pid = os.fork()
    if pid == 0:
        os._exit(len(gorandom.get_random_bytes(16)) - 16)
    assert os.waitpid(pid, 0)[1] == 0


fails()
thread = threading.Thread(target=forks, daemon=True)
thread.start()
thread.join(20)
assert not thread.is_alive(), "the lock is still held"
