"""Does a fork warn about threads? test_forkwarning.py runs this, and names one of the functions.

All of it is in one file, because CPython shows a DeprecationWarning by default only if __main__ causes it.
"""

import os
import sys
import threading
import warnings

if sys.argv[1] == "without_proc":
    import confine

    confine.hide_proc()
import gorandom  # noqa: E402


def fork(how=os.fork):
    child = how()
    child = child[0] if isinstance(child, tuple) else child
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


class thread:
    def __enter__(self):
        self.before = len(os.listdir("/proc/self/task"))
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.end.wait)
        self.thread.start()

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()
        # The native thread ends later than the Python thread.
        while len(os.listdir("/proc/self/task")) > self.before:
            os.sched_yield()


def quiet():
    for how in (os.fork, os.forkpty):
        fork(how)
        with warnings.catch_warnings(record=True) as caught:
            for action in ("always", "error", "default", "once"):
                warnings.simplefilter(action)
                fork(how)
                fork(how)
        assert not caught, [str(w.message) for w in caught]


def threads_of_its_own():
    def warned(how=os.fork):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fork(how)
        return [(w.category, str(w.message)) for w in caught]

    for how in (os.fork, os.forkpty):
        for _ in range(3):
            assert warned(how) == []
            with thread():
                ((category, message),) = warned(how)
                assert category is DeprecationWarning and f"pid={os.getpid()}) is multi-threaded" in message
            with thread(), thread():
                assert len(warned(how)) == 1
            assert warned(how) == []

    # The program's own filters are still asked.
    with thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        fork()
        assert not caught


def shown_once():
    fork()
    with thread():
        for _ in range(5):
            fork()
    fork()


def other_deprecations():
    fork()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fork()
        warnings.warn("something old", DeprecationWarning)
        message = "This process (pid=1) is multi-threaded, use of fork() may lead to deadlocks, says a user"
        warnings.warn(message, UserWarning)
    assert [w.category for w in caught] == [DeprecationWarning, UserWarning], caught


def filters_do_not_grow():
    fork()
    n = len(warnings.filters)
    for _ in range(50):
        fork()
    assert len(warnings.filters) == n
    for _ in range(5):
        warnings.simplefilter("default")
        fork()
    assert len(warnings.filters) <= n + 1, warnings.filters


def in_a_child():
    child = os.fork()
    if not child:
        status = 1
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                fork()
                gorandom.get_random_bytes(3 << 20)
                fork()
            assert not caught
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def without_proc():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fork()
    assert not caught


gorandom.get_random_bytes(16)
assert gorandom._front.own_threads() > 0 or gorandom.status().mode == "direct"
globals()[sys.argv[1]]()
