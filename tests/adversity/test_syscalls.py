"""Every system call that the library makes fails, with each errno that its manual page lists, at every moment of a
process's life (phases.py, table.py): for good from then on, and each single call once.

Each case works, or ends in OSError, MemoryError, ImportError or RuntimeError. Afterwards, when nothing fails any
longer, the same process draws again. All tokens of all cases differ. Guards the checks before a start (limits.c) and
in threads.c, the memory that is reserved for Go's start (core_reserve), and every error path of the seed file and of
the kernel's device."""

import os
import pathlib
import platform

import faults
import pytest
from _forks import NOISE, STARTS, compile_c, linux, run
from conftest import PROGRAMS
from phases import PHASES

pytestmark = [linux, pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="knows no other's call numbers")]

PROGRAM = """
import sys
import table
table.try_all(sys.argv[1], sys.argv[2], brief=sys.argv[3] == "brief")
"""
PATH = {"PYTHONPATH": os.pathsep.join([str(NOISE), str(pathlib.Path(__file__).parent)])}


def unotify():
    """Does this kernel have filters that ask a supervisor?"""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            faults.ask_about("umask")
            os._exit(0)
        except BaseException:
            os._exit(1)
    os.close(read)
    os.close(write)
    return os.waitpid(pid, 0)[1] == 0


def needs_unotify():
    if not unotify():
        pytest.skip("needs seccomp_unotify(2), Linux 5.7, and no filter of that kind around this process: NOT TESTED")


def check(phase, start, how):
    needs_unotify()
    result = run(PROGRAM, start, phase, start, how, env=PATH, timeout=280)
    print(phase, start, {k: v for k, v in result.items() if k != "wrong"})
    assert not result["new"], f"system calls that table.py does not know: {result['new']}"
    assert result["cases"] > len(result["asked"]) > 0
    assert not result["wrong"], f"{len(result['wrong'])} of {result['cases']}:\n" + "\n".join(result["wrong"][:12])


@pytest.mark.fast
@pytest.mark.parametrize("phase", [phase for phase in PHASES if "device" not in phase])
def test_each_call_is_refused(phase):
    """A filter refuses it with EPERM: the quick check that is part of make test."""
    check(phase, "auto", "brief")


@pytest.mark.parametrize("start", ["auto", "never"])
@pytest.mark.parametrize("phase", PHASES)
def test_each_errno_at_each_moment(phase, start):
    check(phase, start, "all")


@pytest.mark.fast
@pytest.mark.parametrize("which", ["made", "called"])
def test_a_draw_returns_when_no_thread_is_on_its_way(which):
    """A program may confine itself right after its draw. The core's threads are delayed where glibc begins them, or where Go
    has called them, each for 50 ms more than the one before. The draw that caused this must not return earlier. Guards
    core_threads_wait() in gate_close(). Without it, with a filter on rseq, rt_sigprocmask or sigaltstack, the process dies
    now and then (2 of 1,200 times on a busy machine)."""
    needs_unotify()
    result = run(PROGRAMS / "syscalls_on_their_way.py", "auto", which, env=PATH)
    assert result.pop("asked") >= 3
    assert result == {"mode": "core", "early": False, "blocked": 0, "ended": 0}


@pytest.mark.fast
def test_the_cores_threads_leave_sigsys_open():
    """A filter that traps calls may come while Go makes a thread in another thread than the one that draws. Go blocks all
    signals there. Guards __wrap_pthread_sigmask() in core/threads.c. Without it the trapped call that unblocks them ends the
    process (once in thousands of runs on a busy machine)."""
    needs_unotify()
    result = run(PROGRAMS / "syscalls_on_their_way.py", "auto", "masked", env=PATH)
    assert result.pop("asked") >= 10
    assert (result["mode"], result["blocked"], result["ended"]) == ("core", 0, 0)


TRAPPED = [(when, start) for when in ("before the import", "before the first draw", "after the first draw") for start in STARTS]
QUICK = [(when, start) for when, start in TRAPPED if start == "auto"] + [TRAPPED[1], TRAPPED[8]]


@pytest.mark.parametrize("when, start", [pytest.param(*t, marks=pytest.mark.fast) if t in QUICK else t for t in TRAPPED])
def test_each_call_is_trapped(when, start):
    """A sandbox whose SIGSYS handler makes the calls (Chromium's, Android's). A trapped call that is made with SIGSYS blocked
    ends the process. Guards that SIGSYS is not blocked outside Go, that a process with such a handler starts no core and
    enters none, and that the core's own threads do not block the signal. Without these, seventeen calls end the process."""
    library = compile_c("sandbox.so", "trapped.c", flags=("-shared", "-fPIC"))
    program = "import sys, trapped\ntrapped.try_all(sys.argv[1], sys.argv[2])\n"
    result = run(program, start, when, library, env=PATH, timeout=120)
    print(when, start, result)
    assert not result["wrong"], f"{len(result['wrong'])} of {result['calls']} calls:\n" + "\n".join(result["wrong"])
    assert result["repeats"] == 0
    # Each step draws, and few steps are left out: new threads and forks, where glibc blocks signals itself.
    assert result["tokens"] + 3 * len(result["left out"]) >= 5 * result["calls"] and len(result["left out"]) < 12
