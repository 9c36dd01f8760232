"""Every system call that the library makes fails, with each errno that its manual page lists, at every moment of a
process's life (phases.py, table.py): for good from then on, and each single call once.

Ends in "works" or in OSError, MemoryError, ImportError or RuntimeError; afterwards, when nothing fails any longer, the same
process draws again. All tokens of all cases differ. Guards the checks before a start (limits.c) and in threads.c, the memory
that is held for Go's start (core_reserve), and every error path of the seed file and of the kernel's device."""

import os
import pathlib
import platform

import faults
import pytest
from _forks import NOISE, linux, run
from phases import PHASES

pytestmark = [linux, pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="knows no other's call numbers")]

PROGRAM = """
import sys
import table
table.try_all(sys.argv[1], sys.argv[2], brief=sys.argv[3] == "brief")
"""
PATH = {"PYTHONPATH": os.pathsep.join([str(NOISE), str(pathlib.Path(__file__).parent)])}


def unotify():
    """Has this kernel filters that ask?"""
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


def check(phase, start, how):
    if not unotify():
        pytest.skip("needs seccomp_unotify(2), Linux 5.7, and no filter of that kind around this process: NOT TESTED")
    result = run(PROGRAM, start, phase, start, how, env=PATH, timeout=280)
    print(phase, start, {k: v for k, v in result.items() if k != "wrong"})
    assert not result["new"], f"system calls that table.py does not know: {result['new']}"
    assert result["cases"] > len(result["asked"]) > 0
    assert not result["wrong"], f"{len(result['wrong'])} of {result['cases']}:\n" + "\n".join(result["wrong"][:12])


@pytest.mark.fast
@pytest.mark.parametrize("phase", [phase for phase in PHASES if "device" not in phase])
def test_each_call_is_refused(phase):
    """By a filter, as EPERM: the quick look that is part of make test."""
    check(phase, "auto", "brief")


@pytest.mark.parametrize("start", ["auto", "never"])
@pytest.mark.parametrize("phase", PHASES)
def test_each_errno_at_each_moment(phase, start):
    if (phase, start) == ("seed file", "never"):
        pytest.skip("a seed file needs a core: RuntimeError (test_seedfile.py)")
    check(phase, start, "all")
