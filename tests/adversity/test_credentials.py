"""Credentials and confinement that change after the first draw: what the core's threads keep, what they forbid, and that
configure(start="never") is the way around it.

Linux keeps credentials, capabilities, filters and Landlock domains for each thread; only the C library's setuid and its like
tell the others. The core's threads were made before, so they keep what they had. They never act for a caller: they open
nothing but the random devices, and what they may still do is no more than the process could do a moment before. Each test has a
second half in direct mode, where there is no such thread."""

import errno
import os

import pytest
from _forks import linux, run
from conftest import root

pytestmark = [linux, pytest.mark.fast]

PREAMBLE = """
import ctypes, errno, json, os, platform, struct, sys, threading
import confine, gorandom

libc = ctypes.CDLL(None, use_errno=True)
start = sys.argv[1]
if start == "never":
    gorandom.configure(start="never")
tokens = [gorandom.get_random_bytes(16)]
str(gorandom.status())  # its imports, while files can be read

def call(number, *arguments):
    r = libc.syscall(number, *arguments)
    return r if r >= 0 else -ctypes.get_errno()

def threads():
    # {thread: its lines of status}, ourselves first.
    found = {}
    for task in sorted(map(int, os.listdir("/proc/self/task"))):
        with open(f"/proc/self/task/{task}/status") as f:
            found[task] = dict(line.rstrip("\\n").split(":\\t", 1) for line in f if ":\\t" in line)
    return found

def field(name, of):
    # The values of a field in this thread, and in the others.
    all = threads()
    return of(all.pop(threading.get_native_id())[name]), sorted({of(t[name]) for t in all.values()})

def draws():
    buffer = bytearray(300_000)
    gorandom.fill(buffer)
    gorandom.reseed()
    gorandom.add_event(b"x")
    tokens.extend([bytes(buffer[:16]), bytes(buffer[-16:]), gorandom.get_random_bytes(16), gorandom.urandom(16)])
    thread = threading.Thread(target=lambda: tokens.append(gorandom.get_random_bytes(16)))
    thread.start()
    thread.join()
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        gorandom.fill(buffer)
        os.write(w, bytes(buffer[:16]))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    tokens.append(os.read(r, 16))

def report(**more):
    draws()
    assert len(tokens) == len(set(tokens)) and not any(t.count(0) >= 8 for t in tokens)
    print(json.dumps(dict(more, mode=gorandom.status().mode, others=len(threads()) - 1)))
"""

modes = pytest.mark.parametrize("start", ["auto", "never"])


def confined(program, start, *args):
    result = run(PREAMBLE + program, "auto", start, *args, timeout=60)
    assert result.pop("mode") == ("core" if start == "auto" else "direct")
    others = result.pop("others")
    assert others >= 4 if start == "auto" else others == 0
    return result


@modes
def test_setuid(start):
    """Through the C library setuid reaches the core's threads too: no thread of the process keeps root. Guards that they
    leave glibc's own signal open (core.h: start), which is open in a new thread whatever mask it inherits."""
    root()
    result = confined(
        """
os.setgroups([])
os.setresgid(65533, 65533, 65533)
os.setresuid(65533, 65533, 65533)
uid, others = field("Uid", lambda v: tuple(v.split()))
gid, other_gids = field("Gid", lambda v: tuple(v.split()))
_, capabilities = field("CapEff", lambda v: int(v, 16))
report(uid=uid, gid=gid, uids=others, gids=other_gids, capabilities=capabilities)
""",
        start,
    )
    mine = ["65533"] * 4
    assert result["uid"] == result["gid"] == mine
    if start == "auto":
        assert result["uids"] == result["gids"] == [mine] and result["capabilities"] == [0]
    else:
        assert result["uids"] == result["gids"] == []


@modes
def test_setuid_past_the_c_library(start):
    """The bare system call changes the calling thread alone: the core's threads stay root's. Draws go on. The first is Linux's
    doing. Guards that neither a draw nor a child's start asks who the caller is, and that "never" makes no thread."""
    root()
    result = confined(
        """
number = {"x86_64": 117, "aarch64": 147}[platform.machine()]
assert call(number, 65533, 65533, 65533) == 0
uid, others = field("Uid", lambda v: v.split()[1])
report(uid=uid, others_uid=others)
""",
        start,
    )
    assert result == {"uid": "65533", "others_uid": ["0"] if start == "auto" else []}


@modes
def test_capset(start):
    """Per thread, whoever calls it: the core's threads keep the capabilities that they were made with. That is Linux's doing.
    Guards that new pools, and a child's core, do without the right to lock memory."""
    root()
    result = confined(
        """
number = {"x86_64": 126, "aarch64": 91}[platform.machine()]
header = ctypes.create_string_buffer(struct.pack("<Ii", 0x20080522, 0))
nothing = ctypes.create_string_buffer(bytes(24))
assert call(number, header, nothing) == 0
confine.limit("MEMLOCK", 0)
mine, others = field("CapEff", lambda v: int(v, 16) != 0)
report(mine=mine, others_have=others)
""",
        start,
    )
    assert result == {"mine": False, "others_have": [True] if start == "auto" else []}


@modes
@pytest.mark.parametrize("way", ["this thread", "all threads"])
def test_seccomp(start, way):
    """A filter without TSYNC holds in the calling thread alone, and there the kernel's bytes come from the device when
    getrandom is refused; with TSYNC it holds in the core's threads as well. Draws go on under both. Guards the device
    behind getrandom, the front's (kernel.c) and the core's (gorandom/entropy)."""
    result = confined(
        """
number = confine.CALLS[platform.machine()]["getrandom"]
program = [(confine.LOAD, 0, 0, 0), (confine.JUMP_EQUAL, 0, 1, number),
           (confine.ANSWER, 0, 0, 0x00050000 | errno.EPERM), (confine.ANSWER, 0, 0, confine.ALLOW)]
confine.filter_calls(program, sys.argv[2] == "all threads")
mine, others = field("Seccomp", int)
report(mine=mine, filtered=others)
""",
        start, way,
    )
    assert result["mine"] == 2
    assert result["filtered"] == ([] if start == "never" else [0 if way == "this thread" else 2])


@modes
def test_seccomp_of_a_thread_and_a_new_core(start):
    """A thread that may not make threads is inside a filter; a child of it starts no core and says why, or, without one in
    the parent, is in direct mode anyway. Guards that threads are asked for before Go could miss them (limits.c)."""
    result = confined(
        """
confine.refuse("clone3", errno.EPERM)
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    gorandom.fill(bytearray(2_000_000))
    os.write(w, gorandom.status().reason.encode())
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
reason = os.read(r, 4096).decode()
gorandom.fill(bytearray(300_000))
number = len(threads()) - 1
print(json.dumps({"reason": reason, "mode": gorandom.status().mode, "others": number}))
""",
        start,
    )
    assert ("threads" if start == "auto" else "never") in result["reason"]


LANDLOCK = """
def landlock():
    # Nothing of the file system may be opened for reading from now on, in this thread.
    READ_FILE, READ_DIR = 4, 8
    attr = ctypes.create_string_buffer(struct.pack("<Q", READ_FILE | READ_DIR))
    fd = call(444, attr, 8, 0)
    if fd < 0:
        print(json.dumps({"refused": os.strerror(-fd)}))
        sys.exit()
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert call(446, fd, 0) == 0
    os.close(fd)
gorandom.status(), len(threads())
landlock()
try:
    open("/dev/urandom", "rb").close()
    shut = False
except PermissionError:
    shut = True
"""


@modes
@pytest.mark.parametrize("getrandom", [True, False], ids=["getrandom", "no getrandom"])
def test_landlock(start, getrandom):
    """The domain holds in the calling thread and its children alone. getrandom needs no file, so draws go on, in a child
    too. If a filter refuses getrandom as well and no device was opened before, a process in direct mode has an
    exception and a core its old seed. Guards the order of the two, that a reseed which fails is an error of reseed() and
    of no draw, and that no draw needs another file."""
    program = LANDLOCK + """
if int(sys.argv[2]):
    draws()
    errors, reseed = [], 0
else:
    confine.refuse("getrandom", errno.EPERM)
    errors, reseed = [], None
    for _ in range(40):
        try:
            tokens.append(gorandom.get_random_bytes(1000)[:16])
            tokens.append(gorandom.get_random_bytes(300_000)[:16])
        except OSError as e:
            errors.append(e.errno)
    try:
        gorandom.reseed()
        reseed = 0
    except OSError as e:
        reseed = e.errno
    for _ in range(64):
        gorandom.add_event(bytes(32))  # two for each pool, so that a reseed is due
    while reseed and gorandom.status().mode == "core" and gorandom.status().failed_reseeds < 2:
        tokens.append(gorandom.get_random_bytes(300_000)[:16])
assert len(tokens) == len(set(tokens)) and not any(t.count(0) >= 8 for t in tokens)
print(json.dumps({"shut": shut, "errors": sorted(set(errors)), "reseed": reseed, "tokens": len(tokens), "mode": gorandom.status().mode}))
"""
    result = run(PREAMBLE + program, "auto", start, int(getrandom), timeout=60)
    if "refused" in result:
        pytest.skip(f"Landlock is not in this kernel: {result['refused']}: NOT TESTED")
    assert result["shut"], "Landlock has shut nothing: the test tests nothing"
    assert result["mode"] == ("core" if start == "auto" else "direct")
    if getrandom or start == "auto":
        assert result["errors"] == [] and result["tokens"] >= 7
    else:
        assert result["errors"] == [errno.EACCES]  # of the device
    assert result["reseed"] == (0 if getrandom else errno.EACCES)


UNSHARE = """
NEWUSER, NEWPID, NEWNS, THREAD, FS = 0x10000000, 0x20000000, 0x20000, 0x10000, 0x200
result = libc.unshare(int(sys.argv[2]))
error = 0 if result == 0 else ctypes.get_errno()
report(error=error)
"""


def unshared(error):
    """EINVAL tells of threads, or of a kernel that has no user namespaces."""
    if error in (errno.EPERM, errno.ENOSPC) or not os.path.exists("/proc/self/ns/user"):
        pytest.skip(f"user namespaces are refused here: {os.strerror(error)}: NOT TESTED")
    assert error == 0, os.strerror(error)


@modes
def test_unshare_user(start):
    """unshare(CLONE_NEWUSER) is EINVAL in a process of several threads, so with a core; in direct mode, and before the
    first draw, it works. Guards that "never" makes no thread."""
    result = run(PREAMBLE + UNSHARE, "auto", start, 0x10000000, timeout=60)
    if start == "auto":
        assert result["error"] == errno.EINVAL and result["mode"] == "core"
    else:
        unshared(result["error"])
        assert (result["mode"], result["others"]) == ("direct", 0)


@modes
def test_unshare_before_the_first_draw(start):
    """Guards that neither an import nor status() makes a thread, and that a core starts inside a new user namespace."""
    result = run(PREAMBLE.replace("tokens = [gorandom.get_random_bytes(16)]", "tokens = []") + UNSHARE, "auto", start, 0x10000000, timeout=60)
    unshared(result["error"])
    assert result["mode"] == ("core" if start == "auto" else "direct")


@modes
@pytest.mark.parametrize("flag", [0x20000, 0x40000000, 0x08000000], ids=["mount", "net", "ipc"])
def test_unshare_others(start, flag):
    """Other namespaces: the calling thread's change, the core's threads stay where they were. Draws go on. The first is
    Linux's doing. Guards that "never" makes no thread, and that draws need nothing of a namespace."""
    root()
    result = confined(
        """
names = {0x20000: "mnt", 0x40000000: "net", 0x08000000: "ipc"}
flag = int(sys.argv[2])
assert libc.unshare(flag) == 0, os.strerror(ctypes.get_errno())
links = {os.readlink(f"/proc/self/task/{t}/ns/{names[flag]}") for t in threads()}
report(spaces=len(links))
""",
        start, flag,
    )
    assert result["spaces"] == (2 if start == "auto" else 1)


def test_never_comes_too_late(start="auto"):
    """configure(start="never") after a core has started: RuntimeError, no silence. Guards that, and that nothing has changed:
    a child that draws much still gets a core."""
    result = run(
        """
import json, os
import gorandom
gorandom.get_random_bytes(16)
error = ""
try:
    gorandom.configure(start="never")
except RuntimeError as e:
    error = str(e)
mode = gorandom.status().mode
pid = os.fork()
if pid == 0:
    gorandom.get_random_bytes(300_000)
    os._exit(gorandom.status().mode != "core")
print(json.dumps({"error": error, "mode": mode, "child": os.waitpid(pid, 0)[1]}))
""",
        start,
    )
    assert result["error"] and (result["mode"], result["child"]) == ("core", 0)
