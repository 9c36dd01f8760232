"""Faults that are no errno of a call: no memory, death in the middle of a write, PIDs that come again, descriptors that become
other files, storms of signals, a second Go runtime in the process."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from _forks import NOISE, assert_sound, build_tool, compile_c, folder, helper, linux, run, starts
from conftest import SOURCE, root, tool, unshares

pytestmark = linux

HERE = pathlib.Path(__file__).parent
PATH = {"PYTHONPATH": os.pathsep.join([str(NOISE), str(HERE)])}


# ---- no memory ----

NO_MEMORY = """
import ctypes, json, os, sys
import faults, phases

faults.preload()
libc = ctypes.PyDLL(None)
phase = phases.PHASES[sys.argv[1]]
judge = faults.Judge()

def armed(first, last, counts):
    def body():
        libc.nomemory_arm(first, last)
        try:
            return phase.body()
        finally:
            counts.append(libc.nomemory_disarm())
    return body

class Failing(faults.Case):
    def __str__(self):
        return f"malloc {self.first} to {self.last}"
    def __init__(self, first, last):
        self.first, self.last = first, last
        read, write = os.pipe()
        counts = []
        def afterwards():
            os.write(write, b"%d\\n" % counts[0])
            return phase.afterwards()
        super().__init__(faults.Phase(phase.before, armed(first, last, counts), afterwards), "umask")
        os.close(write)
        self.count = int(os.read(read, 100) or 0)
        os.close(read)

calls = judge.judge(Failing(1 << 40, 1 << 40)).count
step = -(-calls // 150) or 1
for n in range(1, calls + 1, step):
    judge.judge(Failing(n, n))
    judge.judge(Failing(n, 1 << 40))
judge.report(calls=calls)
"""


@pytest.mark.parametrize("phase", ["first draw", "refill", "child's core", "seed file"])
def test_no_memory(phase):
    """Each call of malloc, calloc and realloc fails, alone and with all that follow: MemoryError, another exception, or it
    works; then the process goes on. (Not at a fork: there CPython itself ends the child.) Guards that the front's and the core's C allocate nothing that they need on the way."""
    library = compile_c("nomemory.so", HERE / "nomemory.c", flags=("-shared", "-fPIC", "-fno-builtin"))
    result = run(NO_MEMORY, "auto", phase, env=PATH | {"LD_PRELOAD": str(library)}, timeout=200)
    print(phase, result["calls"], result["cases"], result["ways"])
    assert result["calls"] >= 1
    assert not result["wrong"], f"{len(result['wrong'])} of {result['cases']}:\n" + "\n".join(result["wrong"][:8])


# ---- death ----

KILLED = """
import hashlib, json, os, sys
import faults, phases
from faults import Phase

faults.preload()
path = sys.argv[1]
HEADING = b"gorandom seed 1\\n"

def whole(data):
    return len(data) == 112 and data.startswith(HEADING) and hashlib.sha256(data[:80]).digest() == data[80:]

def before():
    phases.live()
    global seedfile
    from gorandom import seedfile

def act(name):
    return lambda: [getattr(seedfile, name)(path, timeout=0)] and []

def content():
    with open(path, "rb") as f:
        return f.read()

os.environ["GORANDOM_START"] = "auto"
kept = renewed = points = 0
wrong, seen = [], set()
first = faults.Case(Phase(before, act("save"), list), None)
assert first.ended == 0, first.stderr
for name in ("save", "refresh", "load"):
    calls = faults.Case(Phase(before, act(name), list), None).asked
    for n in range(1, calls + 1):
        old = content()
        seen.add(old)
        case = faults.Case(Phase(before, act(name), list), None, faults.KILL, n)
        new = content()
        points += case.failed
        # A run may make a call less than the one before: Go's naps.
        if case.ended != (-9 if case.failed else 0) or not whole(new) or new != old and new in seen:
            wrong.append(f"{name} at call {n} of {calls}: {case.ended}, {len(new)} bytes")
        renewed += new != old
        kept += new == old
        extra = set(os.listdir(os.path.dirname(path))) - {"seed", "seed.lock", "seed.new"}
        if extra:
            wrong.append(f"{name} at call {n}: {extra} is left")
last = faults.Case(Phase(before, act("load"), list), None)
left = sorted(os.listdir(os.path.dirname(path)))
print(json.dumps({"points": points, "kept": kept, "renewed": renewed, "wrong": wrong, "last": last.ended, "left": left}))
"""


def test_killed_at_every_call_of_a_seed_files_write(tmp_path):
    """kill -9 at each system call of save, refresh and load, some hundred points: the file is the old one or a new one,
    whole, and no content comes twice; the next call finds lock and folder in order. (Moments between: test_seedfile.py.)
    Fails if the file is written in place."""
    result = run(KILLED, "auto", tmp_path / "seed", env=PATH, timeout=120)
    print(result)
    assert result["wrong"] == []
    assert result["points"] >= 100 and result["kept"] >= 30 and result["renewed"] >= 9
    assert result["last"] == 0 and result["left"] == ["seed", "seed.lock"]


# ---- process IDs ----

REUSED = """
import errno, json, os, sys
import confine
if sys.argv[1] == "pid":  # a kernel without MADV_WIPEONFORK: the handlers and the PID
    confine.refuse("madvise", errno.EINVAL)
import child, gorandom

def fork():
    return os.fork() if sys.argv[2] == "fork" else child.helper().bare_fork(1, None)

def be(pid):
    # The next process of this namespace has this number.
    with open("/proc/sys/kernel/ns_last_pid", "w") as f:
        f.write(str(pid - 1))

assert os.getpid() == 1
r, w = os.pipe()
result = {"same": 0, "tokens": [], "ends": []}
for round in range(20):
    be(1000)
    one = os.fork()
    if one == 0:
        gorandom.get_random_bytes(16)
        gorandom.fill(bytearray(300_000)) if round % 2 else None
        # A child with a copy of the pool outlives its parent, and forks one that gets the parent's number.
        two = fork()
        if two:
            os.write(w, gorandom.get_random_bytes(16) + b"1")
            os._exit(0)
        while os.getppid() == 1000:
            os.sched_yield()
        os.write(w, gorandom.get_random_bytes(16) + b"2") if round % 3 == 2 else None
        while True:
            be(1000)
            three = fork()
            if three == 0:
                child.end(lambda: os.write(w, gorandom.get_random_bytes(16) + (b"3" if os.getpid() == 1000 else b"-")))
            assert os.waitpid(three, 0)[1] == 0
            if three == 1000:
                break
        os._exit(0)
    while True:
        try:
            result["ends"].append(os.waitstatus_to_exitcode(os.wait()[1]))
        except ChildProcessError:
            break
os.close(w)
data = b""
while part := os.read(r, 1 << 16):
    data += part
tokens = [data[i : i + 17] for i in range(0, len(data), 17)]
values = [t[:16] for t in tokens]
print(json.dumps({"tokens": len(tokens), "different": len(set(values)), "weak": sum(v.count(0) >= 8 for v in values),
                  "again": sum(t[16:] == b"3" for t in tokens), "ends": sorted(set(result["ends"])), "mode": gorandom.status().mode,
                  "reason": gorandom.status().reason}))
"""


@pytest.mark.fast
@pytest.mark.parametrize("guard, how", [("page", "fork"), ("page", "raw_clone"), ("pid", "fork")])
def test_a_pid_comes_again(guard, how, tmp_path):
    """A grandchild has the PID of the process whose pool was copied (a PID namespace, ns_last_pid). Its bytes are its own:
    by the wiped page, whoever forked; where the kernel has none, by the fork handlers and the PID, which do the same twice:
    it fails if wipe() wipes nothing, and not if one of the two is missing. (There a raw clone(2) of a raw
    clone(2) with its grandparent's PID escapes, as SECURITY.md says: "pid" with "raw_clone" fails here.)"""
    root()
    program = tmp_path / "program.py"
    program.write_text(REUSED)
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


BOTH_ONE = """
import ctypes, errno, json, os, sys
import confine
if sys.argv[1] == "pid":
    confine.refuse("madvise", errno.EINVAL)
import child, gorandom

def nested(depth, w):
    # A child that is PID 1 as well, in a namespace below.
    libc = ctypes.CDLL(None, use_errno=True)
    assert os.getpid() == 1
    gorandom.get_random_bytes(16)
    gorandom.fill(bytearray(300_000)) if depth % 2 else None
    assert libc.unshare(0x20000000) == 0, os.strerror(ctypes.get_errno())
    r, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        assert os.getpid() == 1
        os.write(w, gorandom.get_random_bytes(16))
        if depth < 4:
            nested(depth + 1, w)
        os._exit(0)
    # In this process no thread can be made any more: clone(CLONE_THREAD) is EINVAL. Draws go on.
    os.write(w, gorandom.get_random_bytes(16))
    gorandom.fill(bytearray(400_000))
    gorandom.reseed()
    os.write(w, gorandom.get_random_bytes(16))
    assert os.waitpid(pid, 0)[1] == 0

r, w = os.pipe()
nested(0, w)
os.close(w)
data = b""
while part := os.read(r, 1 << 16):
    data += part
values = [data[i : i + 16] for i in range(0, len(data), 16)]
print(json.dumps({"tokens": len(values), "different": len(set(values)), "weak": sum(v.count(0) >= 8 for v in values)}))
"""


@pytest.mark.fast
@starts
@pytest.mark.parametrize("guard", ["page", "pid"])
def test_parent_and_child_are_both_pid_1(start, guard, tmp_path):
    """Five PID namespaces, each within the one before. Fails with a compare of PIDs alone."""
    root()
    program = tmp_path / "program.py"
    program.write_text(BOTH_ONE)
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
    """A daemon closes all descriptors, the library's of /dev/urandom among them (getrandom is refused), and their numbers
    become other files: of zeros, or a device of zeros. No zeros come, the foreign descriptors are left open.
    Fails without is_device (kernel.c) and without isRightLocked (entropy/device_linux.go)."""
    result = run(
        """
import ctypes, errno, json, os, sys, tempfile
import child, confine, gorandom

zeros = tempfile.TemporaryFile()
zeros.write(bytes(1 << 20))
zeros.flush()
confine.refuse("getrandom", errno.EPERM)
tally = child.Tally()
tally.add(*child.draws(large=True))
by = sys.argv[1]
kept = {0, 1, 2, tally.read, tally.write, zeros.fileno()}
for round in range(6):
    for fd in range(3, 64):
        if fd in kept:
            continue
        if by == "nothing":
            try:
                os.close(fd)
            except OSError:
                pass
        elif by == "zeros":
            os.dup2(zeros.fileno(), fd)
            os.lseek(fd, 0, 0)
        else:
            other = os.open("/dev/zero", os.O_RDONLY)
            os.dup2(other, fd) if other != fd else None
    tally.add(*child.draws(large=True))
    tally.add(*(gorandom.get_random_bytes(1000)[:16] for _ in range(40)))
    pid = tally.child(os.fork, lambda: child.draws(round % 2 == 1))
    tally.reap(pid)
foreign = sum(1 for fd in range(3, 64) if by != "nothing" and fd not in kept and os.fstat(fd).st_rdev in (0, os.makedev(1, 5)))
tally.report(foreign=foreign)
""",
        start, by,
    )
    assert_sound(result, 6)
    if by != "nothing":
        assert result["foreign"] >= 50


# ---- signals ----


@pytest.mark.fast
@starts
@pytest.mark.parametrize("handler", ["restarts", "interrupts", "ignored"])
def test_signal_storms(start, handler):
    """SIGPROF and SIGALRM from timers and SIGURG from a thread, all the time: draws, reseeds, a core's start and forks go
    on. Go itself preempts by SIGURG: ours neither sends nor takes it. (C handlers without SA_ONSTACK: test_signals.py.)"""
    result = run(
        """
import json, os, signal, sys, threading
import child, gorandom

how = sys.argv[1]
counted = {s: 0 for s in (signal.SIGPROF, signal.SIGALRM, signal.SIGURG)}
def count(signo, frame):
    counted[signo] += 1
for s in counted:
    signal.signal(s, signal.SIG_IGN if how == "ignored" else count)
for s in counted if how == "interrupts" else ():
    signal.siginterrupt(s, True)
tally = child.Tally()
main = threading.get_ident()
go_on = True
def storm():
    while go_on:
        signal.pthread_kill(main, signal.SIGURG)
        os.kill(os.getpid(), signal.SIGURG)
        os.sched_yield()
sender = threading.Thread(target=storm)
sender.start()
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
def body(large):
    signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
    return child.draws(large)
tally.add(*child.draws(large=True))
for _ in range(60):
    tally.add(*child.draws(large=True))
    tally.add(*(gorandom.get_random_bytes(1000)[:16] for _ in range(30)))
busy = child.Drawers(tally, 2)
tally.rounds(24, body)
busy.stop()
signal.setitimer(signal.ITIMER_REAL, 0)
signal.setitimer(signal.ITIMER_PROF, 0)
go_on = False
sender.join()
tally.report(counted=sorted(counted.values()))
""",
        start, handler, timeout=100,
    )
    assert_sound(result, 24)
    if handler != "ignored":
        assert result["counted"][0] >= 1 and result["counted"][-1] >= 50


# ---- another Go library ----

OTHER_GO = """package main

import "C"

import "runtime"

// Work keeps this runtime's scheduler, its preemption signals and its collector busy.
//
//export Work
func Work(n C.int) C.int {
	done := make(chan int)
	for i := range int(n) {
		go func() {
			sum := 0
			for j := range 300_000 {
				sum += j * i
			}
			s := make([]byte, 1<<16)
			done <- sum&1 + int(s[0])
		}()
	}
	total := 0
	for range int(n) {
		total += <-done
	}
	runtime.GC()
	return C.int(total)
}

func main() {}
"""


def other_go():
    library = folder() / "other.so"
    if not library.exists():
        source = folder() / "other"
        source.mkdir(exist_ok=True)
        (source / "go.mod").write_text("module other\n\ngo 1.24\n")
        (source / "main.go").write_text(OTHER_GO)
        sys.path.insert(0, os.fspath(SOURCE / "pyext"))
        from build import toolchain

        (go,), cc = build_tool("go"), build_tool("cc")
        environment = os.environ | toolchain.go_environment(go, cc, ["-O2"], os.fspath(folder() / "gotools"))
        done = subprocess.run([go, "build", "-buildmode=c-shared", "-o", library, "."], cwd=source, env=environment, text=True,
                              capture_output=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
    return library


@starts
@pytest.mark.parametrize("order", ["before", "after"])
def test_another_go_library(start, order):
    """A c-shared library with a Go runtime of its own, loaded and busy before the core's first draw or after it: its handlers
    (SA_ONSTACK) and its SIGURGs stay its own; draws, reseeds and forked children are as ever. (The other library does
    not survive a fork; it is not called in children.)"""
    result = run(
        """
import ctypes, json, os, sys, threading
import child, gorandom

tally = child.Tally()
if sys.argv[2] == "after":
    tally.add(*child.draws(large=True))
other = ctypes.CDLL(sys.argv[1])
other.Work(8)
tally.add(*child.draws(large=True))
go_on = True
def work():
    while go_on:
        other.Work(16)
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads:
    t.start()
for _ in range(30):
    tally.add(*child.draws(large=True))
tally.rounds(24)
other.Work(8)
tally.add(*child.draws(large=True))
go_on = False
for t in threads:
    t.join()
tally.report()
""",
        start, other_go(), order, timeout=100,
    )
    assert_sound(result, 24)
    assert result["mode"] == ("direct" if start == "never" else "core")


# ---- a cgroup ----


def new_cgroup(parent):
    """None where the kernel refuses it or does not count its tasks."""
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
    """A folder of a cgroup of this test's own, with the controller of pids. In a chroot no parent is mounted yet."""
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


HIRED = 6 + min(len(os.sched_getaffinity(0)), 16)  # core.h: threads for a start, and one for each processor of Go's


@pytest.mark.fast
@pytest.mark.parametrize("room", [0, 1, 4, HIRED - 1, HIRED, HIRED + 1, 30])
@pytest.mark.parametrize("when", ["before", "after"])
def test_pids_cgroup(pids_cgroup, when, room):
    """pids.max leaves room for so many tasks more, before the first draw or after it. A core has all of its threads or none:
    below that, direct mode with a reason. Guards core_hire."""
    result = run(
        """
import json, os, sys, threading
import child, gorandom

cgroup, when, room = sys.argv[1], sys.argv[2], int(sys.argv[3])
str(gorandom.status())
tally = child.Tally()
if when == "after":
    tally.add(*child.draws(large=True))
with open(cgroup + "/cgroup.procs", "w") as f:
    f.write(str(os.getpid()))
with open(cgroup + "/pids.current") as f:
    now = int(f.read())
with open(cgroup + "/pids.max", "w") as f:
    f.write(str(now + room))
tally.add(*child.draws(large=True))
def draw(): tally.add(*child.draws())
threads = 0
for _ in range(12):
    t = threading.Thread(target=draw)
    try:
        t.start()
    except RuntimeError:
        break
    t.join()
    threads += 1
children = 0
try:
    children = len([tally.reap(tally.child(os.fork, lambda: child.draws(True))) for _ in range(2)])
except BlockingIOError:
    pass
for _ in range(30):
    tally.add(*child.draws(large=True))
mode, reason = gorandom.status().mode, gorandom.status().reason
with open(os.path.dirname(cgroup) + "/cgroup.procs", "w") as f:
    f.write(str(os.getpid()))
tally.report(threads=threads, children=children)
""",
        "auto", pids_cgroup, when, room,
    )
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
    """python -X dev -W error: every kind of call, threads, and a fork; nothing on stderr. A fork in a process with the core's threads must
    not warn."""
    result = run(
        """
import json, os, threading
import child, gorandom
from gorandom import hmac, secrets, signing, uuid4
from gorandom.compat import osrandom

tally = child.Tally()
tally.add(*child.draws(large=True))
str(gorandom.status()), uuid4(), secrets.token_hex(), hmac.digest(b"k" * 32, b"m", "sha256")
s = signing.Signer(b"0123456789abcdef0123456789abcdef", "purpose")
assert s.unsign(s.sign(b"value")) == b"value"
tally.rounds(8)
tally.report()
""",
        start, python=["-X", "dev", "-W", "error"],
    )
    assert_sound(result, 8)


def test_tools_that_this_suite_uses():
    """Loud, once: without these, tests above are skipped."""
    for name, package in (("gcore", "gdb"), ("unshare", "util-linux")):
        tool(name, package)
