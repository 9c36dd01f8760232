"""A fork that began before gorandom was imported, by another thread: its child works, and forks again."""

import pytest
from _forks import PROGRAMS, linux

pytestmark = linux


@pytest.mark.parametrize("lock", ["_late_import.lock", "seedfile._calls.lock"])
def test_an_import_during_a_fork(python, tmp_path, lock):
    """Guards that the child does not keep a lock that a thread of its parent holds (its next fork, and its own calls,
    would wait for ever), and that a lock is not released for a fork that never took it, which is told on stderr."""
    python(PROGRAMS / "forklock.py", tmp_path / "seed", lock)
