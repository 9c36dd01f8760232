"""Import gorandom in a thread while another one forks: test_forklock.py runs this."""

import ctypes
import os
import sys
import threading
import warnings

libc = ctypes.PyDLL(None)
held, over = threading.Event(), threading.Event()


def other():
    import gorandom

    with gorandom._no_forks:
        held.set()
        over.wait()


def before():
    # The import registers its hooks too late for the beginning of this fork, but in time for its end.
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


def in_another_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def c_fork():
    """A fork that runs none of Python's hooks, and so takes no lock."""
    pid = libc.fork()
    if pid == 0:
        libc._exit(0)
    ended(pid)


def within():
    import gorandom

    with gorandom._no_forks:
        c_fork()
        pid = os.fork()
        c_fork()
        draws()
    in_another_thread(draws)
    in_another_thread(draws)
    if pid:
        ended(pid)
    else:
        os._exit(0)


warnings.simplefilter("ignore", DeprecationWarning)  # the program has a thread
os.register_at_fork(before=before)
pid = fork(child)
over.set()
ended(pid)
ended(fork(child))
in_another_thread(draws)
ended(fork(within))
