"""A fork that began before gorandom was imported, by another thread: its child works, and forks again."""

import pytest
from _forks import linux

pytestmark = linux

PROGRAM = """
import os, sys, threading

held, over = threading.Event(), threading.Event()

def other():
    import gorandom
    from gorandom import seedfile
    with {lock}:
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

import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # the program has a thread
os.register_at_fork(before=before)
pid = fork(child)
over.set()
ended(pid)
ended(fork(child))
"""


@pytest.mark.parametrize("lock", ["gorandom._late_import.lock", "seedfile._calls.lock"])
def test_an_import_during_a_fork(python, tmp_path, lock):
    """Guards that the child does not keep a lock that a thread of its parent holds (its next fork, and its own calls,
    would wait for ever), and that a lock is not released for a fork that never took it, which is told on stderr."""
    python(PROGRAM.format(lock=lock), tmp_path / "seed")
