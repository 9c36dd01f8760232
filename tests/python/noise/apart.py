"""A test program's cases, each in a process of its own, which need not have imported gorandom."""

import os
import select
import signal
import sys
import traceback

PATIENCE = 20  # seconds until a process counts as hung


def run(body, *args):
    """(how it ended, what it said): body(say, *args) in a child, where say(*tokens) may be called in its children too."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)  # its children end with it
            body(lambda *tokens: os.write(write, b"".join(tokens)), *args)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)
        sys.exit()  # the ordinary end of a program
    os.close(write)
    poll, fd = select.poll(), os.pidfd_open(pid)
    poll.register(fd, select.POLLIN)
    hung = not poll.poll(1000 * PATIENCE)
    os.close(fd)
    if hung:
        os.killpg(pid, signal.SIGKILL)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with os.fdopen(read, "rb") as f:
        said = f.read()
    return "hung" if hung else ended, [said[i : i + 16] for i in range(0, len(said), 16)]
