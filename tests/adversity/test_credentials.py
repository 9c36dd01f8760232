"""Credentials and confinement that change after the first draw: what the core's threads keep, what they forbid, and that
configure(start="never") is the way around it.

Linux keeps credentials, capabilities, filters and Landlock domains for each thread. Only the C library's setuid and
similar functions inform the other threads. The core's threads were created before, so they keep what they had. They
never act for a caller: they open nothing but the random devices, and may still do no more than the process could do a
moment before. Each test has a second half in direct mode, where there is no such thread."""

import errno
import os

import pytest
from _forks import linux, run
from conftest import PROGRAMS, root

pytestmark = [linux, pytest.mark.fast]

PROGRAM = PROGRAMS / "credentials.py"
CLONE_NEWUSER = 0x10000000
modes = pytest.mark.parametrize("start", ["auto", "never"])


def confined(name, start, *args):
    result = run(PROGRAM, "auto", name, start, *args, timeout=60)
    assert result.pop("mode") == ("core" if start == "auto" else "direct")
    others = result.pop("others")
    assert others >= 4 if start == "auto" else others == 0
    return result


@modes
def test_setuid(start):
    """Through the C library setuid reaches the core's threads too: no thread of the process keeps root. Guards that they
    do not block glibc's own signal (core.h: start), which is unblocked in a new thread whatever mask it inherits."""
    root()
    result = confined("setuid", start)
    mine = ["65533"] * 4
    assert result["uid"] == result["gid"] == mine
    if start == "auto":
        assert result["uids"] == result["gids"] == [mine] and result["capabilities"] == [0]
    else:
        assert result["uids"] == result["gids"] == []


@modes
def test_setuid_past_the_c_library(start):
    """The bare system call changes only the calling thread, so the core's threads stay root's, which is Linux's doing.
    Draws go on. Guards that neither a draw nor a child's start asks who the caller is, and that "never" makes no thread."""
    root()
    result = confined("setuid_past_the_c_library", start)
    assert result == {"uid": "65533", "others_uid": ["0"] if start == "auto" else []}


@modes
def test_capset(start):
    """Always for one thread, whichever function calls it: the core's threads keep the capabilities that they had when they
    were created, which is Linux's doing. Guards that new pools, and a child's core, do without the right to lock memory."""
    root()
    result = confined("capset", start)
    assert result == {"mine": False, "others_have": [True] if start == "auto" else []}


@modes
@pytest.mark.parametrize("way", ["this thread", "all threads"])
def test_seccomp(start, way):
    """A filter without TSYNC holds only in the calling thread. There the kernel's bytes come from the device when getrandom
    is refused. With TSYNC it holds in the core's threads as well. Draws go on under both. Guards the fallback from getrandom
    to the device, in the front (kernel.c) and in the core (gorandom/entropy)."""
    result = confined("seccomp", start, way)
    assert result["mine"] == 2
    assert result["filtered"] == ([] if start == "never" else [0 if way == "this thread" else 2])


@modes
def test_seccomp_of_a_thread_and_a_new_core(start):
    """A filter forbids one thread to make threads. Its child starts no core and says why; if the parent has none, the child
    is in direct mode anyway. Guards that threads are made before Go could miss them (limits.c)."""
    result = confined("seccomp_of_a_thread_and_a_new_core", start)
    assert ("threads" if start == "auto" else "never") in result["reason"]


@modes
@pytest.mark.parametrize("getrandom", [True, False], ids=["getrandom", "no getrandom"])
def test_landlock(start, getrandom):
    """The domain holds only in the calling thread and its children. getrandom needs no file, so draws go on, in a child
    too. If a filter refuses getrandom as well and no device was opened before, a process in direct mode gets an exception,
    and a core keeps its old seed. Guards the order of the two, that a failing reseed is an error of reseed() but not of a
    draw, and that no draw needs another file."""
    result = run(PROGRAM, "auto", "landlock", start, int(getrandom), timeout=60)
    if "refused" in result:
        pytest.skip(f"Landlock is not in this kernel: {result['refused']}: NOT TESTED")
    assert result["shut"], "Landlock has shut nothing: the test tests nothing"
    assert result["mode"] == ("core" if start == "auto" else "direct")
    if getrandom or start == "auto":
        assert result["errors"] == [] and result["tokens"] >= 7
    else:
        assert result["errors"] == [errno.EACCES]  # from the device
    assert result["reseed"] == (0 if getrandom else errno.EACCES)


def unshared(error):
    """EINVAL means that there are threads, or that the kernel has no user namespaces."""
    if error in (errno.EPERM, errno.ENOSPC) or not os.path.exists("/proc/self/ns/user"):
        pytest.skip(f"user namespaces are refused here: {os.strerror(error)}: NOT TESTED")
    assert error == 0, os.strerror(error)


@modes
def test_unshare_user(start):
    """unshare(CLONE_NEWUSER) fails with EINVAL in a process with several threads, and so with a core. In direct mode, and
    before the first draw, it works. Guards that "never" makes no thread."""
    result = run(PROGRAM, "auto", "unshare", start, CLONE_NEWUSER, timeout=60)
    if start == "auto":
        assert result["error"] == errno.EINVAL and result["mode"] == "core"
    else:
        unshared(result["error"])
        assert (result["mode"], result["others"]) == ("direct", 0)


@modes
def test_unshare_before_the_first_draw(start):
    """Guards that neither an import nor status() makes a thread, and that a core starts inside a new user namespace."""
    result = run(PROGRAM, "auto", "unshare_before_the_first_draw", start, CLONE_NEWUSER, timeout=60)
    unshared(result["error"])
    assert result["mode"] == ("core" if start == "auto" else "direct")


@modes
@pytest.mark.parametrize("flag", [0x20000, 0x40000000, 0x08000000], ids=["mount", "net", "ipc"])
def test_unshare_others(start, flag):
    """Other namespaces: the calling thread's change, and the core's threads stay where they were, which is Linux's doing.
    Draws go on. Guards that "never" makes no thread, and that draws need nothing of a namespace."""
    root()
    result = confined("unshare_others", start, flag)
    assert result["spaces"] == (2 if start == "auto" else 1)


def test_never_comes_too_late(start="auto"):
    """configure(start="never") after a core has started raises RuntimeError. Guards that it is not silent, and that nothing
    has changed: a child that draws much still gets a core."""
    result = run(PROGRAMS / "credentials_never_too_late.py", start)
    assert result["error"] and (result["mode"], result["child"]) == ("core", 0)
