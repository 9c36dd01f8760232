"""A lock that is held across os.fork(): no child is forked while another thread is at what it guards."""

import os
from _thread import RLock


class ForkLock:
    """``with forklock.lock:``, each time: a child may have another. For the life of the process.

    A fork that another thread has begun when this is made runs the hooks of its end alone. The lock is then not the
    forking thread's, and in the child it may be held by a thread that does not exist there, so the child makes
    another.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        os.register_at_fork(before=self._before, after_in_parent=self._release, after_in_child=self._release_in_child)

    def _before(self) -> None:
        self.lock.acquire()

    def _release(self) -> bool:
        try:
            self.lock.release()
        except RuntimeError:
            return False
        return True

    def _release_in_child(self) -> None:
        if not self._release():
            self.lock = RLock()
