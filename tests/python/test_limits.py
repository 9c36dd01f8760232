"""What limits and seccomp refuse, before the first draw and after, leads to direct mode with a reason, or an exception. It
never leads to an abort, a hang or a repeat.

Go ends the process when it cannot have memory, a thread or a signal stack. Guards limits.c, which asks for what a start
needs before the start, the threads that are made before the start, and the check of the remaining room before another
place is entered."""

import os
import sys
import sysconfig

import pytest
from _forks import GLIBC, PROGRAMS, STRESS, compile_c, linux, run

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402

pytestmark = [linux, pytest.mark.once, pytest.mark.native("core that a limit could refuse")]
seccomp = pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")
with_gil = pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="NOT TESTED without a GIL: that allocator wants more than is left",
)

# What the reason must say if the limit existed before the first draw; None: a core starts all the same.
WAYS = {
    "address space": "(RLIMIT_AS)",
    "data": "(RLIMIT_DATA)",
    "no memory left": "(RLIMIT_AS)",
    "no data left": "(RLIMIT_DATA)",
    "locked": None,
    "descriptors": None,
    "threads": "threads",
    "root": None,
    "clone": "threads",
    "clone3": "threads" if GLIBC >= (2, 34) else None,  # older ones make threads by clone(2) only
    "sigaltstack": "sigaltstack is refused (seccomp)",
    "signal stacks": "sigaltstack is refused (seccomp)",
    "madvise": "madvise is refused (seccomp)",
    "mlock": None,
    "mprotect": "mprotect is refused (seccomp)",
    "mmap": "mmap is refused (seccomp)",
    "mmap, no memory": "no address space is left (RLIMIT_AS), or no mapping (vm.max_map_count)",
}
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
MEMORY = ["address space", "data", "no memory left", "no data left", "mmap", "mmap, no memory"]
CALLS = ["clone", "clone3", "sigaltstack", "signal stacks", "madvise", "mlock", "mprotect", "mmap", "mmap, no memory"]
STACKS = ["sigaltstack", "signal stacks"]


@pytest.mark.parametrize("start", ["auto", "never"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("way", [pytest.param(w, marks=seccomp) if w in CALLS else w for w in WAYS])
def test_refused(way, when, start, tmp_path):
    if way in ("threads", "root") and os.geteuid() != 0:
        pytest.skip("needs root, to become another user or to chroot")
    if way in MEMORY and sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("NOT TESTED without a GIL: CPython 3.13's allocator asks for ever where a new thread gets no memory")
    result = run(PROGRAMS / "limits.py", start, way, when, tmp_path, timeout=40)
    assert not result["hangs"], result["hangs"]
    assert set(result["ends"]) <= {"0"}, result["ends"]
    assert result["repeats"] == result["zeros"] == 0
    assert result["tokens"] >= 600, result["errors"]
    if way.endswith("left") or (way in STACKS and (when, start) == ("after", "auto")):
        # Draws come from the kernel. There may be no memory for Python's own objects.
        assert all("MemoryError" in e for e in result["errors"]), result["errors"]
    else:
        assert result["errors"] == []
    if start == "never":
        assert result["status"] == {"mode": "direct", "reason": 'start is "never"'}
    elif way in STACKS and when == "after":
        assert result["status"]["mode"] == "core"  # this thread entered it earlier; the others draw from the kernel
    elif way.endswith("left") and when == "after" and result["status"]["mode"] == "direct":
        assert "cannot be entered" in result["status"]["reason"]
    elif when == "after" or WAYS[way] is None:
        assert result["status"] == {"mode": "core", "reason": ""}
    else:
        assert result["status"]["mode"] == "direct"
        assert WAYS[way] in result["status"]["reason"]


@seccomp
def test_no_descriptors_at_all():
    """A daemon, before its first draw, closes all descriptors and may open none, as after a fork."""
    result = run(PROGRAMS / "limits_no_descriptors.py")
    assert result == {"tokens": 5000, "mode": "core"}


def test_a_refused_start_leaves_the_memory(tmp_path):
    """A process with 30 MB left still has them after its first draw. Fails if the stacks of threads that had to end have the
    usual size: the C library keeps 40 MB of them."""
    program = """
import json, os
import confine, gorandom
gorandom.status()
confine.limit("DATA", confine.memory("VmData") + (30 << 20))
before = confine.memory("VmData")
gorandom.get_random_bytes(16)
print(json.dumps([gorandom.status().reason, confine.memory("VmData") - before]))
"""
    reason, grown = run(program)
    assert "memory" in reason and grown < 2 << 20


@pytest.mark.parametrize("name, first, last, step", [("AS", 100, 12000, 340), ("DATA", 20, 700, 20)])
def test_a_limit_is_the_programs(name, first, last, step):
    """A core takes at most an eighth of what a limit leaves, or does not start. Under 2 GiB of address space a token left 784
    MiB of 2,016, and the program met MemoryError."""
    answers = run(PROGRAMS / "limits_room.py", "auto", name, first, last, step)
    for room, (end, serves, grown) in answers.items():
        assert end == 0
        if serves == "core":
            assert 8 * grown <= int(room)
        else:
            assert f"RLIMIT_{name}" in serves and grown <= 2, (room, serves, grown)
    served = [serves == "core" for _, serves, _ in answers.values()]
    assert served == sorted(served) and len(set(served)) == 2


def test_a_limit_lowered_before_a_start():
    """From too little address space for a start to more than enough, in steps of 20 MB. Guards RESERVED: if Go gets its
    largest piece and not the rest, it ends the process, as it did with 1,100 to 1,260 MB. Also guards that the start's own
    entry asks for no more than is reserved: a core that cannot be entered would have cost a start for nothing."""
    preload = compile_c("lowered.so", "lowered.c", flags=("-shared", "-fPIC"))
    answers = run(PROGRAMS / "limits_room.py", "auto", "lowered", 900, 1600, 20, env={"LD_PRELOAD": str(preload)})
    assert {end for end, _, _ in answers.values()} == {0}
    lowered = "a limit was lowered while a core was about to start"
    assert {serves for _, serves, _ in answers.values()} == {"core", lowered}


@pytest.mark.parametrize(
    "when, limit", [("import", 0), ("import", 64), ("draw", 0), ("draw", 64), pytest.param("full", 64, marks=with_gil)]
)
@pytest.mark.parametrize("flags", [MCL_FUTURE, MCL_CURRENT | MCL_FUTURE, MCL_FUTURE | MCL_ONFAULT])
def test_memory_locked_in_advance(flags, when, limit):
    """A program that keeps secrets or has deadlines locks all its memory, present and future. Guards
    pages_locked_in_advance(): without it a core populated 77 MiB, and for a moment 140, and a first draw took up to 800 ms. A
    process with a limit was told that its installation is broken."""
    result = run(PROGRAMS / "limits_locked.py", "auto", flags, when, limit)
    if isinstance(result, str):
        pytest.skip(f"mlockall: {result}")
    at_import, at_draws, serves, in_child = result
    assert at_import <= 4 and at_draws <= 3
    locked = "memory is locked in advance (mlockall)"
    if when == "import":
        assert serves == in_child == f"when gorandom was imported: {locked}"
    else:
        assert (serves, in_child) == (locked, "core")


@with_gil
@pytest.mark.parametrize("name", ["AS", "DATA"])
def test_a_limit_at_the_import(name):
    """The library is not loaded under a limit that leaves too little for a core. The loader maps its 34 MiB past an
    RLIMIT_DATA, and a program that had 20 MiB left met MemoryError at its next object."""
    for room, (end, serves, grown) in run(PROGRAMS / "limits_import.py", "auto", name).items():
        assert (end, serves) == (0, f"when gorandom was imported: {serves.partition(': ')[2]}")
        assert f"(RLIMIT_{name})" in serves and grown <= 1, room


@seccomp
@pytest.mark.parametrize(
    "filter, reason",
    [
        # Only the core makes this call (MAP_NORESERVE): the front needs mmap too.
        ('"mmap", errno.EPERM, 3, 0x4000, 0x4000', "when gorandom was imported: mmap is refused (seccomp)"),
        # It must look like a kernel that does not know the advice, and not like locked memory.
        ('"madvise", errno.EINVAL', "this kernel cannot wipe memory at fork (MADV_WIPEONFORK)"),
    ],
)
def test_a_filter_at_the_import(filter, reason):
    program = f"""
import errno, json
import confine
confine.refuse({filter})
import gorandom
gorandom.get_random_bytes(16)
print(json.dumps(gorandom.status().reason))
"""
    assert run(program) == reason


def test_no_static_tls(tmp_path):
    """glibc keeps about 1,700 bytes of static thread-local storage for libraries that are loaded late, and numpy or PyTorch
    may have used it all. Not for other C libraries, which allocate it at run time."""
    library = compile_c("static_tls.so", "static_tls.c", flags=("-shared", "-fPIC"))
    reason = run(PROGRAMS / "limits_static_tls.py", "auto", library, tmp_path)
    assert reason.startswith("other libraries have taken the room for thread-local storage: ")
    assert "cannot allocate memory in static TLS block" in reason


@pytest.mark.once
@seccomp
def test_no_more_threads_for_a_busy_core():
    """This program believes that it has 16 processors, where a busy core makes a thread now and then. Guards that the core has
    as many in reserve as it may want at once, and that nobody enters when there are fewer: Go ends a process if it gets no
    thread."""
    preload = compile_c("processors.so", "processors.c", flags=("-shared", "-fPIC"))
    result = run("import busy", "auto", 8 * STRESS, timeout=60 * STRESS, env={"LD_PRELOAD": str(preload)})
    print(result)
    assert result["drawn"] > 40
