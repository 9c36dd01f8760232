"""A lock that is held across os.fork(): no child is forked while another thread is at what it guards.

``with no_forks:``; a thread may enter it again, and may fork itself. A bare fork() of C does not wait for other threads,
and its child finds the lock free.
"""

import os

from . import _front


class _ForkLock:
    def __enter__(self) -> None:
        _front.forklock_enter()

    def __exit__(self, *exception: object) -> None:
        _front.forklock_exit()


no_forks = _ForkLock()
os.register_at_fork(before=_front.forklock_before_fork, after_in_parent=_front.forklock_after_fork)
