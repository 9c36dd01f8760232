"""A virtual machine is saved once and restored twice: no byte of one copy is given out by the other.

The monitor's page is a file here (noise/watched.c), and a restored machine a process copied whole. Machines themselves
are restored by make clone-test.
"""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import time

import pytest
from _forks import NOISE, compile_c, folder, linux, run, starts

sys.path.append(str(NOISE))
import watched  # noqa: E402

pytestmark = linux
copies = pytest.mark.skipif(not watched.CLONE, reason="NOT TESTED: clone(2)'s number is not known for this processor")

BEGIN = """
import json, threading
import script, watched, gorandom, gorandom.secrets
vmclock, sysgenid = watched.devices()
script.clock(1_700_000_000_000)  # it stands still: nothing becomes stale by age
"""


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
    """Ready bytes of another second of the clock are made anew, so that two copies of a machine share no more of them
    where nothing tells of a restore. Guards the second in ``is_fresh`` of draw.c."""
    made = run("""
import json, script, gorandom
def makes(milliseconds):
    script.clock(1_700_000_000_000 + milliseconds)
    before = script.left()
    gorandom.get_random_bytes(16)
    return script.left() < before
script.clock(1_700_000_000_000)
script.feed(script.random.Random(1).randbytes(1 << 16))
print(json.dumps([makes(ms) for ms in (0, 0, 999, 1000, 1999, 1000, 999, 999, 3_600_000)]))
""", "never", env=environment())  # fmt: skip
    assert made == [True, False, False, True, False, False, True, False, True]



def watching(program, start="auto", vmclock=None, sysgenid=None, python=(), **more):
    return run(BEGIN + program, start, env=environment(vmclock, sysgenid, **more), python=python, timeout=60)


SHOW = "s = gorandom.status(); print(json.dumps([s.clones, s.vm_generation]))"


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
    """It could be cut short, and a draw would end in SIGBUS."""
    assert watching(SHOW, "never", watched.page(), WATCHED_AS_FILE="1") == ["clock", None]


def test_a_device_that_may_not_be_read():
    """vmclock's is root's alone by default."""
    env = environment() | {"WATCHED_VMCLOCK": "/nonexistent/vmclock0"}
    assert run(BEGIN.replace("vmclock, sysgenid = watched.devices()\n", "") + SHOW, "never", env=env) == ["clock", None]


def test_no_descriptor_stays_open():
    program = """
import os
print(json.dumps([os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2
                  and os.path.exists("/proc/self/fd/" + fd)]))
"""
    program = program.replace("import os", "import os\nvmclock.memory.close()")
    assert not [name for name in watching(program, "auto", watched.page()) if "VMCLOCK" in name]


CHANGES = {
    "restore": "vmclock.restore()",
    "marker": "vmclock.write(watched.MARKER, '<Q', 1 << 40)",
    "counter": "vmclock.write(watched.COUNTER, '<Q', 8)",
    "writing": "vmclock.write(12, '<I', 7)",
    "sysgenid": "sysgenid.write(0, '<I', 1)",
}
NO_CHANGES = {
    "time": "vmclock.write(72, '<Q', 12345); vmclock.write(12, '<I', 8)",  # a new time, and nothing else
    "nothing": "",
}
# The kernel's bytes are script's: marked with 1 until the change, and with 2 after it.
CHANGE = """
import ctypes
def feed(mark):
    fed = script.marked(mark, 60_000)
    script._kept.append(fed)
    script._library.script_bytes(fed, len(fed))
draws = [lambda: gorandom.get_random_bytes(16), lambda: gorandom.urandom(100), lambda: gorandom.get_random_bytes(2000),
         lambda: bytes.fromhex(gorandom.secrets.token_hex(20)), lambda: gorandom.SystemRandom().randbytes(9)]
feed(1)
gorandom.reseed()
def in_thread(f):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(f()))
    thread.start()
    thread.join()
    return answers[0]
first, second = threading.Event(), threading.Event()
drawn = {"main": [], "thread": [], "after": []}
def draw_in_thread():
    drawn["thread"].append(gorandom.get_random_bytes(16))
    first.set()
    second.wait()
    drawn["thread"] += [draw() for draw in draws]
thread = threading.Thread(target=draw_in_thread, daemon=True)
thread.start()
first.wait()
before = [draw() for draw in draws] + drawn["thread"]
assert script.marks(b"".join(before)) == {1}, before
drawn["thread"].clear()
CHANGE
feed(2)
second.set()
thread.join()
drawn["main"] = [draw() for draw in draws]
drawn["after"] = [in_thread(draw) for draw in draws]
print(json.dumps({where: sorted(script.marks(b"".join(ds))) for where, ds in drawn.items()}))
"""


@pytest.mark.parametrize("change", CHANGES)
def test_pools(change):
    """In a process without a core. Each thread's pool, and one that an ended thread has left."""
    found = watching(CHANGE.replace("CHANGE", CHANGES[change]), "never", watched.page(flags=watched.GENERATION)
                     if change != "sysgenid" else None, bytes(4096) if change == "sysgenid" else None)  # fmt: skip
    assert found == {"main": [2], "thread": [2], "after": [2]}


@pytest.mark.parametrize("change", NO_CHANGES)
def test_pools_that_are_not_stale(change):
    """The test sees ready bytes; and a monitor that keeps its page's time does not make draws slow."""
    found = watching(CHANGE.replace("CHANGE", NO_CHANGES[change]), "never", watched.page(flags=watched.GENERATION))
    assert 1 in found["main"] and 1 in found["thread"]


def test_counter_without_its_flag():
    """Then what stands there is no counter."""
    found = watching(CHANGE.replace("CHANGE", CHANGES["counter"]), "never", watched.page())
    assert 1 in found["main"]


MIDDLE = """
import ctypes
marker = ctypes.c_ulonglong.from_buffer(vmclock.memory, watched.MARKER)
found = []
gorandom.get_random_bytes(5000)  # from now on each refill is a whole pool's
for n, read in (16, 4048), (1024, 4048), (5000, 5000), (100_000, 100_000):
    gorandom.reseed()
    fed = script.marked(1, read) + script.marked(9, 300_000 - read)
    script._kept.append(fed)
    script._library.script_bytes(fed, len(fed))
    script._library.script_count(ctypes.byref(marker))
    found.append(sorted(script.marks(gorandom.get_random_bytes(n))))
    script.end()
print(json.dumps(found))
"""


def test_in_the_middle_of_a_draw():
    """The machine is saved when a draw has its bytes from the kernel, and has not given them out. What was read before
    is marked with 1, and after it with 9."""
    assert watching(MIDDLE, "never", watched.page()) == [[9]] * 4


NUMBERS = """
numpy = __import__("numpy")
generator = gorandom.BitGenerator()
rng = numpy.random.Generator(generator)
calls, state = generator.ctypes, generator.ctypes.state
feed = lambda mark: (script._kept.append(script.marked(mark, 400_000)), script._library.script_bytes(script._kept[-1], 400_000))
feed(1)
gorandom.reseed()
one = script.marks(rng.bytes(2000) + calls.next_uint64(state).to_bytes(8, "little"))
CHANGE
feed(2)
# Past the lock first: each call looks by itself.
first = calls.next_uint32(state).to_bytes(4, "little") + calls.next_uint64(state).to_bytes(8, "little")
two = script.marks(first + rng.bytes(5000))
print(json.dumps([sorted(one), sorted(two)]))
"""


@pytest.mark.parametrize("change, expected", [("restore", [2]), ("nothing", [1, 2])])
def test_numpy(change, expected):
    pytest.importorskip("numpy", reason="NOT TESTED: gorandom.BitGenerator needs numpy, and there is none for this Python")
    program = NUMBERS.replace("CHANGE", (CHANGES | NO_CHANGES)[change])
    assert watching(program, "never", watched.page()) == [[1], expected]


# Draws of all ways, of which the first ones take ready bytes where there are any.
COPY = """
def draw():
    got = b"".join(gorandom.get_random_bytes(16) for _ in range(20))
    got += gorandom.get_random_bytes(700) + gorandom.get_random_bytes(5000) + gorandom.get_random_bytes(70_000)
    got += b"".join(gorandom.uuid4().bytes for _ in range(50))
    return got
gorandom.get_random_bytes(16)
gorandom.get_random_bytes(70_000)
AT_ONCE
copies = [watched.copy(draw) for _ in range(2)] + [draw()]
blocks = [{c[i:i + 16] for i in range(0, len(c) - 15, 16)} for c in copies]
print(json.dumps([gorandom.status().mode, [len(c) for c in copies], len(blocks[0] & blocks[1]), len(blocks[0] & blocks[2]),
                  len(blocks[1] & blocks[2])]))
"""


def copied(change, start):
    mode, sizes, *common = watching(COPY.replace("AT_ONCE", change), start, watched.page(), WATCHED_COPIES="1")
    assert mode == ("direct" if start == "never" else "core") and len(set(sizes)) == 1 and sizes[0] > 70_000
    return common


@copies
@starts
def test_copies_without_a_sign_repeat(start):
    """The control: what a copied process gives out is seen here when nothing tells it that it is one."""
    assert any(copied("", start))


@copies
@starts
def test_copies(start):
    """Two copies of a process and itself, and a sign: no 16 bytes are the same, from pools or straight from the core."""
    assert copied("vmclock.restore()", start) == [0, 0, 0]


@starts
def test_reseed(start):
    """The core asks the kernel before its next byte, once for all threads, in draws of any size."""
    program = """
found = []
for size in (16, 5000, 300_000):
    gorandom.get_random_bytes(size)
    before = gorandom.status().reseeds
    vmclock.restore()
    gorandom.get_random_bytes(size)
    found.append(gorandom.status().reseeds - before)
print(json.dumps(found))
"""
    found = watching(program, start, watched.page())
    assert found == [0, 0, 0] if start == "never" else min(found) >= 1


@starts
def test_children(start):
    """The page is theirs too."""
    program = """
import os
gorandom.get_random_bytes(16)
r, w = os.pipe()
if not os.fork():
    before = gorandom.get_random_bytes(2 << 20)
    first = gorandom.status()
    vmclock.restore()
    gorandom.get_random_bytes(16)
    second = gorandom.status()
    os.write(w, json.dumps([first.clones, second.reseeds > first.reseeds, second.vm_generation - first.vm_generation]).encode())
    os._exit(0)
os.close(w)
print(os.read(r, 1000).decode())
"""
    assert watching(program, start, watched.page()) == ["vmclock", start != "never", 1]


@starts
def test_kernel_refuses_after_a_restore(start):
    """Then there is no byte, with a core and without."""
    program = """
import confine
gorandom.get_random_bytes(16)
confine.refuse("getrandom", 5)
assert len(gorandom.get_random_bytes(16)) == 16  # ready bytes
vmclock.restore()
errors = []
for n in (16, 5000, 300_000):
    try:
        errors.append(len(gorandom.get_random_bytes(n)))
    except OSError as error:
        errors.append(type(error).__name__)
print(json.dumps(errors))
"""
    assert watching(program, start, watched.page()) == ["OSError"] * 3


CHECKPOINT = """
import sys
import gorandom
out = open(sys.argv[1], "w", buffering=1)
gorandom.get_random_bytes(16)
while True:
    with open("/proc/self/smaps") as f:
        wiped = sum("VmFlags" in line and " wf" in line for line in f)
    out.write(f"{wiped} {gorandom.get_random_bytes(16).hex()} {gorandom.get_random_bytes(5000)[-16:].hex()}\\n")
"""


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
    """By CRIU, which no page tells of: only the clock does, so it stands one second further when the first copy starts.
    What fork wipes in the process it wipes in its copies."""
    if not shutil.which("criu") or os.geteuid():
        pytest.skip("NOT TESTED: needs root and criu (Debian has it)")
    if criu("check").returncode:
        pytest.skip(f"NOT TESTED: criu cannot work on this kernel: {criu('check').stderr[-200:]}")
    out, images, saved = tmp_path / "out", tmp_path / "images", tmp_path / "saved"
    images.mkdir()
    env = os.environ | {"GORANDOM_START": start}
    process = subprocess.Popen([sys.executable, "-c", CHECKPOINT, out], env=env, start_new_session=True, cwd=tmp_path,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
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
        # The first line was begun before.
        copies.append([line.split() for line in out.read_text().splitlines()[len(before) + 1 : -1]])
    drawn = [{word for line in copy for word in line[1:]} for copy in copies]
    assert not drawn[0] & drawn[1] and not {w for line in before for w in line.split()[1:]} & (drawn[0] | drawn[1])
    assert {line[0] for copy in copies for line in copy} == {before[-1].split()[0]}, "pages that fork wipes"
