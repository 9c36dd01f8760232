"""A fork that began before gorandom was imported, by another thread: its child works, and forks again."""

from _forks import PROGRAMS, linux

pytestmark = linux


def test_an_import_during_a_fork(python, tmp_path):
    """Guards that the child does not keep a lock that a thread of its parent holds (its next fork, and its own calls,
    would wait for ever), that a lock is not released for a fork that never took it, and that the parent releases it."""
    python(PROGRAMS / "forklock.py", tmp_path / "seed")
