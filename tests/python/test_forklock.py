"""The lock that os.fork() holds is released, whatever happens to the fork."""

import sys

import pytest
from _forks import PROGRAMS, linux, run

pytestmark = linux


@pytest.mark.cpython("its ctypes has no PyDLL, by which this test forks")
def test_an_import_during_a_fork(python, tmp_path):
    """Guards that the child does not keep a lock that a thread of its parent holds, where its next fork and its own calls
    would wait for ever. Also guards that a fork never releases a lock it did not take, and that the parent releases it."""
    python(PROGRAMS / "forklock.py", tmp_path / "seed")


def test_a_fork_that_never_came(python):
    """os.forkpty() fails before it forks, so no fork handler runs. Guards the hook that releases the lock in the parent.
    Without it another thread's fork would wait for ever."""
    python(PROGRAMS / "forklock_forkpty.py")


def test_a_clone_that_forks_where_nothing_is_wiped():
    """Such a clone is first noticed when it forks itself. Guards that the PID is checked before the lock is taken: none of our
    handlers releases it in the child, whose other threads would wait for ever."""
    assert run(PROGRAMS / "forklock_clone.py", "auto", helped=True) == 0


@pytest.mark.cpython("a handler may raise between a lock's __enter__ and the with block")
@pytest.mark.xfail(
    sys.version_info[:2] == (3, 14),
    reason="CPython 3.14 lets a handler raise between a lock's __enter__ and its with block, so __exit__ is not called: "
    "threading.RLock stays held as well. Neither 3.13 nor 3.15 does",
)
def test_handlers_that_raise(python):
    """Control-C or a timeout's alarm may come at any moment of a late import. Guards that C functions take and release the
    lock: in Python the exception could come between the call and its end."""
    python(PROGRAMS / "forklock_interrupted.py")
