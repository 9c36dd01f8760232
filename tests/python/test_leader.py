"""A process ends when its last thread ends, with status 0. The core's threads never end, so they must not
count. (The child whose forking thread returns is in test_forks.py.)"""

import pytest
from _forks import execute, linux, starts

pytestmark = linux

LEADER = """
import ctypes, os, sys, threading
import child, gorandom

def main():
    gorandom.fill(bytearray(300_000))

    def last():
        # Until the leader has ended: it stays as a zombie while other threads live.
        while open(f"/proc/self/task/{os.getpid()}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
            os.sched_yield()
        gorandom.fill(bytearray(300_000))
        os.write(1, b"the last thread ends\\n")

    threading.Thread(target=last).start()
    ctypes.CDLL(None).pthread_exit(None)

"""

WAYS = {
    "started here": "main()",
    "in a child": """
gorandom.fill(bytearray(300_000))
pid = os.fork()
if pid == 0:
    main()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""",
    "in a raw clone": """
gorandom.fill(bytearray(300_000))
pid = child.helper().bare_fork(1, None)
if pid == 0:
    gorandom.fill(bytearray(300_000))
    os.write(1, b"the last thread ends\\n")
    ctypes.CDLL(None).pthread_exit(None)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""",
}


@starts
@pytest.mark.parametrize("way", WAYS)
def test_main_thread_ends_first(start, way):
    """Guards threads.c, which takes the core's threads out of glibc's count: without it the process lives for
    ever, and only SIGKILL ends it. In a raw clone, guards pool.c, which clears the leader's Go key: with it
    Go's destructor spins in a runtime that is not there."""
    ended = execute(LEADER + WAYS[way], start, timeout=20, helped=True)
    assert ended.status == 0, ended.err
    assert ended.out == "the last thread ends\n"


@starts
def test_interpreter_end(start):
    """An ordinary end, with draws in daemon threads and in atexit, is one too."""
    ended = execute(
        """
        import atexit, os, threading
        import gorandom

        atexit.register(lambda: os.write(1, b"%d\\n" % len(gorandom.get_random_bytes(100_000))))
        started = threading.Event()

        def draw():
            buffer = bytearray(1 << 20)
            while True:
                gorandom.fill(buffer)
                started.set()

        threading.Thread(target=draw, daemon=True).start()
        started.wait()
        """,
        start, timeout=20,
    )
    assert (ended.status, ended.out) == (0, "100000\n"), ended.err
