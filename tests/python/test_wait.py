"""wait_for_system_rng(timeout) on a kernel that seeds itself only while somebody blocks in getrandom(2). A parent process
simulates it (make boot-test has a real one). Guards kernel_gather() of kernel.c: a wait that only polls would poll until its
time is up."""

import os
import sys

import pytest
from _forks import PROGRAMS, linux, run, scripted

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402

pytestmark = [
    linux,
    pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64"),
]
starts = pytest.mark.parametrize("start", ["auto", "never"])  # an eager one draws at import, before a kernel can be simulated


def play(program, start, env=None):
    found = run(PROGRAMS / program, start, timeout=30, env=env)
    if "skip" in found:
        pytest.skip(found["skip"])
    return found


@pytest.mark.native("thread that gathers entropy beside a wait")
@starts
def test_the_kernel_seeds_itself(start):
    """The wait returns, because a thread of its own blocked, once. Afterwards that thread is gone, and bytes come."""
    found = play("wait_seeds.py", start)
    assert found["first"] == "system random number generator is not ready yet"
    assert len(found["blocked"]) == 1 and found["blocked"][0] != found["pid"]
    assert (found["drawn"], found["ready"]) == (16, True)


@pytest.mark.native("thread that gathers entropy beside a wait")
@starts
def test_without_a_timeout_the_caller_blocks(start):
    found = play("wait_blocks.py", start)
    assert found["blocked"] == [found["pid"]] and found["tasks"] == 1 and found["drawn"] == 16


@pytest.mark.native("thread that gathers entropy beside a wait")
@starts
def test_the_kernel_does_not_seed_itself(start):
    """A process makes at most one such thread, however often it waits, and none for a poll (timeout 0). The thread takes no
    signal from the host, and a fork does not warn because of it (3.12). A child does not have the thread, and makes its
    own."""
    found = play("wait_in_vain.py", start)
    text = "system random number generator is not ready yet"
    assert found["look"] == [text, 1] and found["waits"] == [text] * 3
    assert len(found["others"]) == 1 == found["own"]
    # All except SIGKILL, SIGSTOP, SIGSYS, which stays as the program has it, and the C library's own two (32 and 33).
    assert found["mask"] == (1 << 64) - 1 & ~(1 << 8 | 1 << 18 | 1 << 30 | 3 << 31)
    child, before, waited, after = found["child"]
    assert (before, waited, after) == (0, text, 1)
    assert len(found["blocked"]) == 2 and found["blocked"][0] == found["others"][0] and found["blocked"][1] != child


@starts
def test_the_timeout_ends_while_clocks_stand(start):
    """Guards: naps are added up, and no clock is read. With tools that freeze clocks (libfaketime) the wait would never
    end."""
    found = play("wait_clocks_stand.py", start, env={"LD_PRELOAD": str(scripted())})
    assert found["waited"] == "system random number generator is not ready yet"
