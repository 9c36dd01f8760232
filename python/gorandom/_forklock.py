"""A lock that is held across os.fork(): no child is forked while another thread is in a section that the lock guards.

Use ``with no_forks:``. A thread may enter it again, and may itself fork inside. A fork() called from C does not wait for
other threads, and its child finds the lock free.
"""

import os

from . import _front

TYPE_CHECKING = False


class _ForkLock:
    # These are the C functions themselves. In a Python function a signal handler could raise before the first step and
    # after each call, and the lock would stay held.
    if TYPE_CHECKING:

        def __enter__(self) -> None: ...
        def __exit__(self, *exception: object) -> None: ...
    else:
        __enter__ = _front.forklock_enter
        __exit__ = _front.forklock_exit


no_forks = _ForkLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_front.forklock_before_fork, after_in_parent=_front.forklock_after_fork)
