"""A raw clone, for which no handler ran, forks and then draws in threads: test_forklock.py runs this."""

import errno
import os
import threading

import confine

confine.refuse("madvise", errno.EINVAL, 2, 18)  # before the import, which asks for memory that fork wipes

import child  # noqa: E402

import gorandom  # noqa: E402

assert not gorandom._front.state()["wipes"]


def enters():
    with gorandom._no_forks:
        pass


def hangs_another_thread():
    thread = threading.Thread(target=enters, daemon=True)
    thread.start()
    thread.join(10)
    return thread.is_alive()


def clone():
    pid = os.fork()
    hung = hangs_another_thread()
    return hung if pid == 0 else hung + 2 * os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


pid = child.helper().bare_fork(1, None)
if pid == 0:
    os._exit(clone())
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
