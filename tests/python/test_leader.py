"""A process ends when its last thread ends, with status 0. The core's threads never end, so they must not count.
(test_forks.py has the child whose forking thread returns.)"""

import pytest
from _forks import GLIBC, PROGRAMS, execute, linux, starts

import gorandom

pytestmark = linux


@starts
@pytest.mark.parametrize("way", ["started here", "in a child", "in a raw clone"])
def test_main_thread_ends_first(start, way):
    """Guards threads.c, which takes the core's threads out of glibc's count. Without it the process lives for ever, and only
    SIGKILL ends it. In a raw clone, guards runtime/thread.c, which clears the leader's Go key: with the key set, Go's
    destructor spins in a runtime that does not exist."""
    ended = execute(PROGRAMS / "leader_ends.py", start, way, timeout=20, helped=True)
    assert ended.status == 0, ended.err
    assert ended.out == "the last thread ends\n"


@starts
def test_interpreter_end(start):
    """An ordinary end, with draws in daemon threads and in atexit, works too."""
    ended = execute(PROGRAMS / "leader_interpreter_ends.py", start, timeout=20)
    assert (ended.status, ended.out) == (0, "100000\n"), ended.err


@pytest.mark.skipif(not GLIBC, reason="NOT TESTED: the numbers of pthread keys are glibc's")
@pytest.mark.skipif(gorandom._front.state()["core_version"] is None, reason="no core can be had here: " + gorandom.status().reason)
def test_our_key_is_older_than_gos():
    """So our destructor runs before Go's, and can clear what Go's must not find. Guards the order in init_steps()."""
    ended = execute(PROGRAMS / "leader_keys.py", "auto", timeout=20)
    assert ended.status == 0, ended.err
