"""Import gorandom in a thread while another one forks: test_forklock.py runs this."""

import operator
import os
import sys
import threading
import warnings

held, over = threading.Event(), threading.Event()


def other():
    import gorandom.seedfile

    with operator.attrgetter(sys.argv[2])(gorandom):
        held.set()
        over.wait()


def before():
    # The import registers its hooks too late for this fork's beginning, and in time for its end.
    if not held.is_set():
        threading.Thread(target=other).start()
        held.wait()


def fork(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(70)
        os._exit(0)
    return pid


def ended(pid):
    assert os.waitpid(pid, 0)[1] == 0


def draws():
    import gorandom
    from gorandom import seedfile

    gorandom.get_random_bytes(16)
    gorandom.status()
    seedfile.save(sys.argv[1])


def child():
    draws()
    ended(fork(draws))
    draws()


warnings.simplefilter("ignore", DeprecationWarning)  # the program has a thread
os.register_at_fork(before=before)
pid = fork(child)
over.set()
ended(pid)
ended(fork(child))
