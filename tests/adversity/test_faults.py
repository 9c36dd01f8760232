"""Faults other than an errno: no memory, death in the middle of a write, PIDs that are reused, descriptors that become
other files, storms of signals, a second Go runtime in the process."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from _forks import NOISE, assert_sound, build_tool, compile_c, folder, helper, linux, run, starts
from conftest import PROGRAMS, SOURCE, root, tool, unshares

pytestmark = linux

HERE = pathlib.Path(__file__).parent
PATH = {"PYTHONPATH": os.pathsep.join([str(NOISE), str(HERE)])}


# ---- no memory ----

@pytest.mark.parametrize("phase", ["first draw", "refill", "child's core", "seed file"])
def test_no_memory(phase):
    """Each call of malloc, calloc and realloc fails, alone and with all that follow. The result is MemoryError, another
    exception, or success, and then the process goes on. (Not at a fork: there CPython itself ends the child.) Guards that
    the C of the front and of the core never depends on an allocation that may fail midway."""
    library = compile_c("nomemory.so", HERE / "nomemory.c", flags=("-shared", "-fPIC", "-fno-builtin"))
    result = run(PROGRAMS / "faults_no_memory.py", "auto", phase, env=PATH | {"LD_PRELOAD": str(library)}, timeout=200)
    print(phase, result["calls"], result["cases"], result["ways"])
    assert result["calls"] >= 1
    assert not result["wrong"], f"{len(result['wrong'])} of {result['cases']}:\n" + "\n".join(result["wrong"][:8])


# ---- death ----

@pytest.mark.parametrize("start", ["auto", "never"])
def test_killed_at_every_call_of_a_seed_files_write(tmp_path, start):
    """kill -9 at each system call of save, refresh and load, about a hundred points. The file is complete, either the old
    one or a new one, and no content comes twice. The next call finds lock and folder in order. (test_seedfile.py tests the
    moments between.) Fails if the file is written in place."""
    result = run(PROGRAMS / "faults_killed.py", start, tmp_path / "seed", start, env=PATH, timeout=120)
    print(result)
    assert result["wrong"] == []
    assert result["points"] >= 100 and result["kept"] >= 30 and result["renewed"] >= 9
    assert result["last"] == 0 and result["left"] == ["seed", "seed.lock"]


# ---- process IDs ----

@pytest.mark.fast
@pytest.mark.parametrize("guard, how", [("page", "fork"), ("page", "raw_clone"), ("pid", "fork")])
def test_a_pid_comes_again(guard, how):
    """A grandchild has the PID of the process whose pool was copied (a PID namespace, ns_last_pid). Its bytes differ all the
    same. The wiped page ensures that for any kind of fork. Where the kernel cannot wipe, the fork handlers and the PID both
    do: the test fails if wipe() wipes nothing, but not if one of the two is missing. (There a raw clone(2) of a raw clone(2)
    with its grandparent's PID escapes, as SECURITY.md says: "pid" with "raw_clone" fails here.)"""
    root()
    program = PROGRAMS / "faults_pid_again.py"
    done = subprocess.run(
        [*unshares("--pid", "--fork", "--propagation=unchanged", "--mount-proc"), sys.executable, program, guard, how],
        text=True, capture_output=True, timeout=60, env=os.environ | PATH | {"GORANDOM_START": "auto", "GORANDOM_TEST_HELPER": str(helper())},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result["again"] >= 20 and result["ends"] == [0]
    assert result["tokens"] == result["different"] and result["weak"] == 0
    if guard == "pid":
        assert "MADV_WIPEONFORK" in result["reason"]


@pytest.mark.fast
@starts
@pytest.mark.parametrize("guard", ["page", "pid"])
def test_parent_and_child_are_both_pid_1(start, guard):
    """Five PID namespaces, each within the one before. Fails if only PIDs are compared."""
    root()
    program = PROGRAMS / "faults_pid_1.py"
    done = subprocess.run(
        [*unshares("--pid", "--fork", "--propagation=unchanged", "--mount-proc"), sys.executable, program, guard], text=True,
        capture_output=True, timeout=60, env=os.environ | PATH | {"GORANDOM_START": start},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result == {"tokens": 15, "different": 15, "weak": 0}


# ---- descriptors ----


@pytest.mark.fast
@starts
@pytest.mark.parametrize("by", ["nothing", "zeros", "device zero"])
def test_descriptors_become_other_files(start, by):
    """A daemon closes all descriptors, including the library's for /dev/urandom (getrandom is refused), and their numbers
    become other files: files of zeros, or a device of zeros. No draw gives zeros, and the foreign descriptors stay open.
    Fails without is_urandom (kernel.c) and without isOursLocked (entropy/device_linux.go)."""
    result = run(PROGRAMS / "faults_descriptors.py", start, by)
    assert_sound(result, 6)
    if by != "nothing":
        assert result["foreign"] >= 50


# ---- signals ----


@pytest.mark.fast
@starts
@pytest.mark.parametrize("handler", ["restarts", "interrupts", "ignored"])
def test_signal_storms(start, handler):
    """SIGPROF and SIGALRM come from timers and SIGURG from a thread, all the time. Draws, reseeds, a core's start and forks
    go on. Go itself preempts by SIGURG, but our core neither sends nor takes it. (test_signals.py has C handlers without
    SA_ONSTACK.)"""
    result = run(PROGRAMS / "faults_signals.py", start, handler, timeout=100)
    assert_sound(result, 24)
    if handler != "ignored":
        assert result["counted"][0] >= 1 and result["counted"][-1] >= 50


# ---- another Go library ----


def other_go():
    library = folder() / "other.so"
    if not library.exists():
        sys.path.insert(0, os.fspath(SOURCE / "pyext"))
        from build import toolchain

        (go,), cc = build_tool("go"), build_tool("cc")
        environment = os.environ | toolchain.go_environment(go, cc, ["-O2"], os.fspath(folder() / "gotools"))
        command = [go, "build", "-buildmode=c-shared", "-o", library, "."]
        done = subprocess.run(command, cwd=HERE / "other_go", env=environment, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
    return library


@starts
@pytest.mark.parametrize("order", ["before", "after"])
def test_another_go_library(start, order):
    """A c-shared library with its own Go runtime is loaded and busy before the core's first draw or after it. It keeps its
    handlers (SA_ONSTACK) and its SIGURGs; draws, reseeds and forked children work as always. (The other library does not
    survive a fork, so it is not called in children.)"""
    result = run(PROGRAMS / "faults_other_go.py", start, other_go(), order, timeout=100)
    assert_sound(result, 24)
    assert result["mode"] == ("direct" if start == "never" else "core")


# ---- a cgroup ----


def new_cgroup(parent):
    """A new cgroup; None where the kernel refuses it or does not count its tasks."""
    path = pathlib.Path(parent) / f"gorandom-test-{os.getpid()}"
    try:
        path.mkdir()
    except OSError:
        return None
    if (path / "pids.max").exists():
        return path
    path.rmdir()
    return None


@pytest.fixture
def pids_cgroup(tmp_path):
    """The folder of this test's own cgroup, with the pids controller. In a chroot no parent is mounted yet."""
    root()
    own = tmp_path / "cgroup"
    own.mkdir()
    for parent, kind in (("/sys/fs/cgroup/pids", ()), ("/sys/fs/cgroup", ()), (own, ("cgroup", "-opids")), (own, ("cgroup2",))):
        if kind and subprocess.run(["mount", "-t", *kind, "gorandom-test", parent], capture_output=True).returncode:
            continue
        try:
            if path := new_cgroup(parent):
                yield path
                path.rmdir()
                return
        finally:
            if kind:
                subprocess.run(["umount", parent], check=True)
    pytest.skip("needs a writable cgroup with the controller of pids: NOT TESTED without")


HIRED = 6 + min(len(os.sched_getaffinity(0)), 16)  # core.h: threads for a start, and one for each of Go's processors


@pytest.mark.fast
@pytest.mark.parametrize("room", [0, 1, 4, HIRED - 1, HIRED, HIRED + 1, 30])
@pytest.mark.parametrize("when", ["before", "after"])
def test_pids_cgroup(pids_cgroup, when, room):
    """pids.max leaves room for a number of tasks, before the first draw or after it. A core gets all of its threads or none;
    with too little room the process is in direct mode, with a reason. Guards core_threads_make."""
    result = run(PROGRAMS / "faults_pids_max.py", "auto", pids_cgroup, when, room)
    if result["children"]:
        assert_sound(result, result["children"])
    assert result["repeats"] == result["zeros"] == 0 and not result["hangs"]
    if when == "after" or room >= HIRED:
        assert result["mode"] == "core"
    else:
        assert result["mode"] == "direct" and "pids.max" in result["reason"]


# ---- the interpreter's own checks ----


@pytest.mark.fast
@starts
def test_development_mode(start):
    """python -X dev -W error: every kind of call, threads, and a fork print nothing on stderr. A fork in a process with the
    core's threads must not warn."""
    result = run(PROGRAMS / "faults_development_mode.py", start, python=["-X", "dev", "-W", "error"])
    assert_sound(result, 8)


def test_tools_that_this_suite_uses():
    """Says loudly, once, which tools are missing, because the tests above are skipped without them."""
    for name, package in (("gcore", "gdb"), ("unshare", "util-linux")):
        tool(name, package)
