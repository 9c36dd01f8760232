"""Forks behind the interpreter's back: by the C library, by the bare system call, and by a C signal handler in
the middle of a draw."""

import pytest
from _forks import STRESS, assert_sound, linux, run, starts

pytestmark = linux

CLONES = """
import ctypes, os, sys
import child, gorandom

forks, how, drawers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
library = child.helper()

def fork():
    kind = ["fork", "raw_clone", "raw_fork"].index(how)
    if not drawers:
        return library.bare_fork(kind, None)
    python = ctypes.pythonapi  # for CPython's own locks, which are not the test's concern
    python.PyOS_BeforeFork()
    pid = library.bare_fork(kind, python.PyOS_AfterFork_Child)
    if pid:
        python.PyOS_AfterFork_Parent()
    return pid

def body(large):
    tokens = child.draws(large)
    status = gorandom.status()
    assert how == "fork" or "clone(2)" in status.reason or status.reason == 'start is "never"', status
    return tokens

def lineage(large):
    # A fork by the rules, from a process that came past the rules.
    pid = os.fork()
    if pid == 0:
        child.end(lambda: tally.send(*body(True)))
    tokens = body(large)
    assert os.waitpid(pid, 0)[1] == 0
    return tokens

tally = child.Tally()
tally.add(*child.draws(large=True))
busy = child.Drawers(tally, drawers)
tally.rounds(forks, body, fork)
tally.rounds(forks // 8, lineage, fork)
busy.stop()
tally.report()
"""


@starts
@pytest.mark.parametrize("drawers", [0, 3], ids=["quiet", "busy"])
@pytest.mark.parametrize("how", ["fork", "raw_clone", "raw_fork"])
def test_bare_forks(start, how, drawers):
    """Guards the wiped page: no handler runs at a raw clone, and only the page's zeros say that the pool, the
    locks and the core are not this process's. Such a child stays in direct mode, and so do its children;
    with process.known left out it enters the start, whose lock may be held for ever."""
    forks = 64 * STRESS
    result = run(CLONES, start, forks, how, drawers, timeout=60 * STRESS, helped=True)
    assert_sound(result, forks + forks // 8)
    assert result["reports"] == forks + 2 * (forks // 8)
    if how != "fork":
        assert result["cores"] == 0


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_reason_of_a_raw_clone(start):
    """status() says why such a child has no core, however much it draws."""
    result = run(
        """
        import os
        import child, gorandom

        tally = child.Tally()
        tally.add(*child.draws(large=True))
        read, write = os.pipe()
        pid = child.helper().bare_fork(1, None)
        if pid == 0:
            def body():
                tally.send(*child.draws(large=True))
                os.write(write, gorandom.status().reason.encode())
            child.end(body)
        tally.reap(pid)
        tally.report(childs=os.read(read, 1000).decode())
        """,
        start, helped=True,
    )
    assert_sound(result, 1)
    assert "clone(2)" in result["childs"]


STORM = """
import ctypes, os, sys
import child, gorandom

how, size, budget = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
storm = child.Storm()
tally = child.Tally()
buffer = bytearray(size)
untouched = b"\\xaa" * size
step = max(16, size // 128)
zeros = bytes(16)

def pieces():
    found = [bytes(buffer[i : i + 16]) for i in range(0, size, step)] + [bytes(buffer[-16:])]
    if size % step == 0 and step == 16:
        found.pop()  # the last piece is there already
    assert zeros not in buffer, "a run of zeros"
    assert untouched[:16] not in buffer, "bytes that were not drawn"
    return found

gorandom.fill(buffer)
address = (ctypes.c_ubyte * size).from_buffer(buffer)
storm.library.storm_start(how, 120, budget, address, ctypes.c_size_t(size))
while storm.budget.value > 0:
    buffer[:] = untouched
    storm.armed.value = 1
    gorandom.fill(buffer)
    storm.armed.value = 0
    if storm.in_child.value:
        # Where the draw had ended when the signal came, both have its bytes rightly.
        child.end(lambda: tally.send(*(pieces() if storm.early.value else []), gorandom.get_random_bytes(16)))
    if children := storm.new():
        tally.add(*pieces())
        tally.reap(*children)
storm.library.storm_stop()
tally.report()
"""


@starts
@pytest.mark.parametrize("size", [48, 1024, 6000, 600_000])
@pytest.mark.parametrize("how", ["fork", "raw_clone"])
def test_fork_in_a_signal_handler(start, size, how):
    """A C handler forks in the middle of a draw; the child returns into that very draw and ends it.

    Guards page->born, looked at after the bytes have been taken: without it the child gives out what it and
    the parent had both taken already, or the zeros of the wiped page. And the mask around the start: a fork
    while its lock is held would wait for itself."""
    forks = 48 * STRESS
    result = run(STORM, start, ["fork", "raw_clone"].index(how), size, forks, timeout=90 * STRESS, helped=True)
    assert_sound(result, forks)
    assert result["tokens"] > forks  # the children's pieces were compared too


@starts
@pytest.mark.parametrize("draws_at_once", [False, True], ids=["", "child-draws-at-once"])
def test_python_handler_forks_between_chunks(start, draws_at_once):
    """Signals are handled between the chunks of a large draw, so a Python handler forks in its middle. Guards
    the same flag: without it the child keeps the chunks from before the fork. When the child draws within the
    handler, its page is born before the outer draw looks at it: guards that births have names (with a mere flag
    the outer draw takes itself for unforked)."""
    result = run(
        """
        import os, signal, sys
        import child, gorandom

        tally, pids, parent = child.Tally(), [], os.getpid()
        buffer = bytearray(64 << 20)
        untouched = b"\\xaa" * 16
        early = False

        def handler(signo, frame):
            global early
            if buffer[-16:] == untouched:  # the draw has not ended
                pid = os.fork()
                early = pid == 0
                if early and sys.argv[1:]:
                    gorandom.get_random_bytes(16)
                if pid:
                    pids.append(pid)

        signal.signal(signal.SIGALRM, handler)
        gorandom.get_random_bytes(16)
        while len(pids) < 4:
            buffer[-16:] = untouched
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            gorandom.fill(buffer)
            signal.setitimer(signal.ITIMER_REAL, 0)
            pieces = [bytes(buffer[i : i + 16]) for i in range(0, 64 << 20, 300_000)]
            if early:
                child.end(lambda: tally.send(*pieces, gorandom.get_random_bytes(16)))
            tally.add(*pieces)
        tally.reap(*pids)
        tally.report()
        """,
        start, *["draw"] * draws_at_once, timeout=120,
    )
    assert_sound(result, 4)


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_a_first_draw_in_the_child_of_a_vfork(start):
    """It has its parent's memory and no other threads. Guards that it starts no core: the threads of that were the child's and
    ended with it, and the parent, for which it was alive, hung in it."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    result = run(
        """
        import json, os
        import child, gorandom
        if os.fork():  # a child that has not drawn has no core, in mode "eager" either
            os._exit(os.wait()[1] != 0)
        status = child.helper().callbacks_vfork(child.bytes_callback(), 600_000)
        in_between = gorandom._front.state()["mode"]
        gorandom.fill(bytearray(600_000))
        print(json.dumps([status, in_between, gorandom.status().mode, len(os.listdir("/proc/self/task")) > 1]))
        """,
        start, helped=True,
    )  # fmt: skip
    assert result == [0, "direct", "core", True]
