"""A virtual machine is saved once and restored twice: the copies give out different bytes.

Here the monitor's page is a file (noise/watched.c), and a restored machine is a complete copy of a process. make
clone-test restores real machines.
"""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import time

import pytest
from _forks import NOISE, PROGRAMS, compile_c, folder, linux, run, starts

sys.path.append(str(NOISE))
import watched  # noqa: E402

pytestmark = [linux, pytest.mark.native("ready byte that a restored machine could repeat")]
copies = pytest.mark.skipif(not watched.CLONE, reason="NOT TESTED: clone(2)'s number is not known for this processor")


@functools.cache
def preload():
    return compile_c("monitor.so", "watched.c", "scripted.c", flags=("-shared", "-fPIC"))


def environment(vmclock=None, sysgenid=None, **more):
    env = {"LD_PRELOAD": str(preload())} | more
    for name, content in (("VMCLOCK", vmclock), ("SYSGENID", sysgenid)):
        if content is not None:
            path = folder() / f"{name}{len(list(folder().iterdir()))}"
            path.write_bytes(content)
            env["WATCHED_" + name] = str(path)
    return env


def test_a_pool_is_of_one_second():
    """Ready bytes are made anew when the clock's second changes, so two copies of a machine share no more than one second's if
    nothing tells of a restore. Guards the second in ``is_fresh`` of draw.c."""
    made = run(PROGRAMS / "restore_second.py", "never", env=environment())
    assert made == [True, False, False, True, False, False, True, False, True]


def watching(program, start="auto", vmclock=None, sysgenid=None, args=(), **more):
    return run(program, start, *args, env=environment(vmclock, sysgenid, **more), timeout=60)


SHOW = "import gorandom, json; s = gorandom.status(); print(json.dumps([s.clones, s.vm_generation]))"


@pytest.mark.parametrize(
    "vmclock, sysgenid, expected",
    [
        (None, None, ["clock", None]),
        (watched.page(), None, ["vmclock", 41]),
        (watched.page(flags=watched.GENERATION), None, ["vmclock", 7]),
        (watched.page(flags=0xFF), None, ["vmclock", 41]),
        (None, bytes([3, 2, 0, 0]).ljust(4096, b"\0"), ["sysgenid", 0x203]),
        (watched.page(), bytes(4096), ["vmclock", 41]),
        (watched.page(magic=1), None, ["clock", None]),
        (watched.page(version=2), None, ["clock", None]),
        (watched.page(size=32), None, ["clock", None]),
        (watched.page(magic=1), bytes(4096), ["sysgenid", 0]),
    ],
)
def test_what_watches(vmclock, sysgenid, expected):
    assert watching(SHOW, "never", vmclock, sysgenid) == expected


def test_a_file_is_no_device():
    """A file could be truncated, and a draw would end in SIGBUS."""
    assert watching(SHOW, "never", watched.page(), WATCHED_AS_FILE="1") == ["clock", None]


def test_a_device_that_may_not_be_read():
    """By default only root may read vmclock's."""
    env = environment() | {"WATCHED_VMCLOCK": "/nonexistent/vmclock0"}
    assert run(SHOW, "never", env=env) == ["clock", None]


def test_no_descriptor_stays_open():
    program = """
import gorandom, json, os
print(json.dumps([os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2
                  and os.path.exists("/proc/self/fd/" + fd)]))
"""
    assert not [name for name in watching(program, "auto", watched.page()) if "VMCLOCK" in name]


CHANGES = ["restore", "marker", "counter", "writing", "sysgenid"]
NO_CHANGES = ["time", "nothing"]


def pools(change, **devices):
    return watching(PROGRAMS / "restore_pools.py", "never", args=[change], **devices)


@pytest.mark.parametrize("change", CHANGES)
def test_pools(change):
    """In a process without a core: each thread's pool, and one that an ended thread has left."""
    if change == "sysgenid":
        devices = {"sysgenid": bytes(4096)}
    else:
        devices = {"vmclock": watched.page(flags=watched.GENERATION)}
    found = pools(change, **devices)
    assert found == {"main": [2], "thread": [2], "after": [2]}


@pytest.mark.parametrize("change", NO_CHANGES)
def test_pools_that_are_not_stale(change):
    """This shows that the test sees ready bytes. Also, a monitor that keeps its page's time does not make draws slow."""
    found = pools(change, vmclock=watched.page(flags=watched.GENERATION))
    assert 1 in found["main"] and 1 in found["thread"]


def test_counter_without_its_flag():
    """Without the flag the field is not a counter."""
    found = pools("counter", vmclock=watched.page())
    assert 1 in found["main"]


def test_in_the_middle_of_a_draw():
    """The machine is saved when a draw has its bytes from the kernel but has not given them out. Bytes that were read before
    are marked with 1, later ones with 9."""
    assert watching(PROGRAMS / "restore_in_a_draw.py", "never", watched.page()) == [[9]] * 4


@pytest.mark.parametrize("change, expected", [("restore", [2]), ("nothing", [1, 2])])
def test_numpy(change, expected):
    pytest.importorskip("numpy", reason="NOT TESTED: gorandom.BitGenerator needs numpy, and there is none for this Python")
    assert watching(PROGRAMS / "restore_numpy.py", "never", watched.page(), args=[change]) == [[1], expected]


def copied(change, start):
    found = watching(PROGRAMS / "restore_copies.py", start, watched.page(), args=[change], WATCHED_COPIES="1")
    mode, sizes, *common = found
    assert mode == ("direct" if start == "never" else "core") and len(set(sizes)) == 1 and sizes[0] > 70_000
    return common


@copies
@starts
def test_copies_without_a_sign_repeat(start):
    """The control: when nothing tells a copied process that it is a copy, this test sees its bytes repeat."""
    assert any(copied("nothing", start))


@copies
@starts
def test_copies(start):
    """Two copies of a process and itself, with a sign: no 16 bytes are the same, from pools or directly from the core."""
    assert copied("restore", start) == [0, 0, 0]


@starts
def test_reseed(start):
    """The core asks the kernel before its next byte, once for all threads, for draws of any size."""
    found = watching(PROGRAMS / "restore_reseeds.py", start, watched.page())
    assert found == [0, 0, 0] if start == "never" else min(found) >= 1


@starts
def test_children(start):
    """Children have the page too."""
    assert watching(PROGRAMS / "restore_child.py", start, watched.page()) == ["vmclock", start != "never", 1]


@starts
def test_kernel_refuses_after_a_restore(start):
    """Then no bytes are given, with a core and without."""
    assert watching(PROGRAMS / "restore_refused.py", start, watched.page()) == ["OSError"] * 3


def criu(*arguments):
    return subprocess.run(["criu", *arguments, "--shell-job", "--file-validation", "filesize"], capture_output=True, text=True)


def when(condition, what):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@pytest.mark.once
@starts
def test_a_checkpoint_restored_twice(start, tmp_path):
    """CRIU restores it, and no page tells of that. Only the clock does, so it is one second later when the first copy starts.
    Memory that a fork wipes in the process is wiped in its copies."""
    if not shutil.which("criu") or os.geteuid():
        pytest.skip("NOT TESTED: needs root and criu (Debian has it)")
    if criu("check").returncode:
        pytest.skip(f"NOT TESTED: criu cannot work on this kernel: {criu('check').stderr[-200:]}")
    out, images, saved = tmp_path / "out", tmp_path / "images", tmp_path / "saved"
    images.mkdir()
    env = os.environ | {"GORANDOM_START": start}
    process = subprocess.Popen([sys.executable, PROGRAMS / "restore_checkpoint.py", out], env=env, cwd=tmp_path,
                               start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        when(lambda: out.exists() and out.read_text().count("\n") > 20, "the program does not draw")
        dumped = criu("dump", "-t", str(process.pid), "-D", str(images))
        assert dumped.returncode == 0, dumped.stderr[-2000:]
    finally:
        process.kill()
        process.wait()
    second = int(time.time())
    shutil.copy(out, saved)
    before = saved.read_text().splitlines()
    when(lambda: int(time.time()) > second, "the clock stands still")
    copies = []
    for _ in range(2):
        shutil.copy(saved, out)
        restored = criu("restore", "-d", "-D", str(images))
        try:
            assert restored.returncode == 0, restored.stderr[-2000:]
            when(lambda: out.read_text().count("\n") > len(before) + 100, "the copy does not draw")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, 9)
        when(lambda: not os.path.exists(f"/proc/{process.pid}"), "the copy does not end")
        # The first line was begun before the checkpoint.
        copies.append([line.split() for line in out.read_text().splitlines()[len(before) + 1 : -1]])
    drawn = [{word for line in copy for word in line[1:]} for copy in copies]
    assert not drawn[0] & drawn[1] and not {w for line in before for w in line.split()[1:]} & (drawn[0] | drawn[1])
    assert {line[0] for copy in copies for line in copy} == {before[-1].split()[0]}, "pages that fork wipes"
