"""What a core costs in memory, that nothing grows, and where the pools' bytes can and cannot be found.

A program finds its own pools by VmFlags (wf: wiped at fork, dc: not copied by it, dd: not dumped) in
/proc/self/smaps."""

import functools
import shutil

import pytest
from _forks import GLIBC, compile_c, folder, linux, run, starts

pytestmark = linux

MAPS = """
import json, os, re, sys
import child, confine, gorandom
from gorandom import _front

def mappings(of="self"):
    # (low, high, flags, name) of each mapping.
    found = []
    with open(f"/proc/{of}/smaps") as f:
        for line in f:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\\S+) \\S+ \\S+ \\S+ *(.*)", line)
            if head:
                low, high, access, name = head.groups()
                found.append([int(low, 16), int(high, 16), (), name, access])
            elif line.startswith("VmFlags:"):
                found[-1][2] = tuple(line.split()[1:])
    return found

def secret(m):
    return ("wf" in m[2] or "dc" in m[2]) and "dd" in m[2]

def search(wanted, which, of="self"):
    # Names and flags of the mappings that hold one of the wanted bytes.
    found = []
    with open(f"/proc/{of}/mem", "rb", buffering=0) as memory:
        for low, high, flags, name, access in mappings(of):
            if not which((low, high, flags, name)) or "r" not in access or name in ("[vvar]", "[vsyscall]"):
                continue
            at = low
            while at < high:
                try:
                    memory.seek(at)
                    data = memory.read(min(high - at, 1 << 20))
                except (OSError, ValueError, OverflowError):
                    break
                if not data:
                    break
                if any(w in data for w in wanted):
                    found.append([hex(at), name, " ".join(flags)])
                at += len(data)
    return found

def pools(of="self"):
    # The bytes of all pools that are full enough: pages of their own, wiped, undumped.
    pages = []
    with open(os.path.join(os.path.dirname(gorandom.__file__), "libgorandom.core.so"), "rb") as f:
        library = f.read()  # its tables look random too
    with open(f"/proc/{of}/mem", "rb", buffering=0) as memory:
        for m in mappings(of):
            if secret(m) and m[1] - m[0] <= 64 << 20 and "w" in m[4]:
                memory.seek(m[0])
                for _ in range(m[0], m[1], 4096):
                    page = memory.read(4096)
                    # Ready bytes look like no other page: hardly a zero among them.
                    if page[-2048:].count(0) < 32 and not any(page[-i:][:16] in library for i in (512, 1024, 2048)):
                        pages.append(page)
    return pages

def full_pools():
    # A first refill may be a small one, and a pool nearly empty: draw until one is seen that is not.
    for _ in range(60):
        gorandom.get_random_bytes(500)
        pages = pools()
        if pages:
            break
    return pages
"""


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_a_core_is_small(start):
    """At most 8 MB resident (calls that leave no garbage and few threads keep it there), and all that Go has mapped and the
    library's .data and .bss are undumped, and absent or wiped in a forked child. Guards record.c's advice, and the re-mapped
    .data, which the kernel could not wipe as a file's."""
    result = run(
        MAPS + """
import ctypes
gorandom.status()
before = confine.memory("VmRSS")
known = {m[0] for m in mappings()}
gorandom.get_random_bytes(16)
buffer = bytearray(1 << 20)
for _ in range(64):
    gorandom.fill(buffer)
    gorandom.reseed()
    gorandom.get_random_bytes(1000)
added = confine.memory("VmRSS") - before - len(buffer)
library = [m for m in mappings() if m[3].endswith("libgorandom.core.so")]
span = (min(m[0] for m in library), max(m[1] for m in library))
after = [m for m in mappings() if "w" in m[4]]
i = max(i for i, m in enumerate(mappings()) if m[3].endswith("libgorandom.core.so"))
own = [m for m in after if span[0] <= m[0] < span[1] or m[0] == mappings()[i + 1][0]]
print(json.dumps({
    "mode": gorandom.status().mode, "added": added, "recorded": _front.state()["core_mappings"],
    "file_data": [m[:4] for m in library if "w" in m[4] and not secret(m)],
    "own": len([m for m in own if secret(m)]),
    "secret": len([m for m in mappings() if secret(m)]),
    "unmarked": [[hex(m[0]), (m[1] - m[0]) >> 10, m[3], m[2]] for m in mappings()
                 if "wf" in m[2] and "dd" not in m[2]],
}))
""",
        start,
    )
    assert result["mode"] == "core"
    if start == "auto":  # an eager core was there before
        assert result["added"] <= 8 << 20, f"a core adds {result['added'] >> 10} KiB"
    # What is still the file's of the writable part is RELRO, read-only by now, and holds nothing of Go.
    assert result["file_data"] == []
    assert result["own"] >= 1
    assert result["unmarked"] == []
    assert result["secret"] >= result["recorded"] / 2


@starts
def test_nothing_grows_over_forks(start):
    """In a parent of 1,000 children that drew and ended: memory, mappings, threads, descriptors."""
    forks = 1000
    result = run(
        MAPS + """
def size():
    return {"rss": confine.memory("VmRSS") >> 20, "maps": len(mappings()), "threads": len(os.listdir("/proc/self/task")),
            "descriptors": len(os.listdir("/proc/self/fd")), "recorded": _front.state()["core_mappings"]}

tally = child.Tally()
def round(n):
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            gorandom.get_random_bytes(16)
            os._exit(0)
        gorandom.get_random_bytes(1024)
        tally.reap(pid)
tally.add(*child.draws(large=True))
round(50)
before = size()
round(int(sys.argv[1]))
print(json.dumps({"before": before, "after": size(), "ends": tally.ends}))
""",
        start, forks, timeout=60,
    )
    assert result["ends"] == {"0": forks + 50}
    before, after = result["before"], result["after"]
    assert after.pop("rss") <= before.pop("rss") + 1  # MiB
    assert abs(after.pop("maps") - before.pop("maps")) <= 3  # Python's own allocator
    assert after.pop("recorded") <= before.pop("recorded") + 3  # Go's heap may grow by a piece
    assert after == before


@starts
def test_nothing_grows_over_threads_whose_destructors_draw(start):
    """In each of the rounds that the C library makes, the last one after the generator's own destructor has run for the last
    time. Guards that such a thread's page is given back: it stayed, locked, one for each thread, and the secret memory with it."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    threads = 2000
    result = run(
        MAPS + """
import ctypes

def size():
    return {"secret": sum(m[1] - m[0] for m in mappings() if secret(m)) >> 10, "locked": confine.memory("VmLck") >> 10,
            "maps": len(mappings())}

gorandom.get_random_bytes(16)
callback, library = child.bytes_callback(), child.helper()
library.callbacks_in_destructors.restype = ctypes.c_long
library.callbacks_in_destructors(callback, 50)
before = size()
drawn = library.callbacks_in_destructors(callback, int(sys.argv[1]))
print(json.dumps({"drawn": drawn, "before": before, "after": size()}))
""",
        start, threads, timeout=60, helped=True,
    )
    assert result["drawn"] >= 4 * threads  # PTHREAD_DESTRUCTOR_ITERATIONS
    before, after = result["before"], result["after"]
    assert after["secret"] <= before["secret"] + 1024  # KiB; of 8,000
    assert after["locked"] <= before["locked"] + 1024
    assert after["maps"] <= before["maps"] + 6


@functools.cache
def stacks_are_left():
    """Does the C library leave a child the stacks of its parent's threads, for good? glibc 2.43 does: it marks them as
    free by one field (tid) and looks for free ones by another (joinstate). Asked without gorandom: in 40 generations of
    children with a thread each, they are 40 mappings more."""
    return run(
        """
import _thread, json, os, threading, warnings
warnings.simplefilter("ignore")  # of a fork beside a thread
STACK = 256 << 10
threading.stack_size(STACK)
asleep = os.pipe()
read, write = os.pipe()

def size():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")

generation = 0
pid = os.fork()
while pid == 0:
    generation += 1
    begun = _thread.allocate_lock()
    begun.acquire()
    _thread.start_new_thread(lambda: (begun.release(), os.read(asleep[0], 1)), ())
    begun.acquire()
    if generation in (10, 50):
        os.write(write, b"%d " % size())
    if generation == 50:
        os._exit(0)
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
assert os.waitpid(pid, 0)[1] == 0
early, late = map(int, os.read(read, 64).split())
print(json.dumps(late - early >= 40 * STACK))
""",
        timeout=60,
    )


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_nothing_grows_over_generations(start):
    """Each a child of the one before, each with a core of its own. Guards that a reset unmaps all that the
    dead core had mapped, and deletes its keys. Where the C library leaves stacks, they are known by a preloaded
    library, and all else is measured without them."""
    left = stacks_are_left()
    preload = compile_c("stacks.so", "stacks.c", flags=("-shared", "-fPIC")) if left else ""
    result = run(
        MAPS + """
import ctypes
PAGE = os.sysconf("SC_PAGE_SIZE")
libc = ctypes.CDLL(None)

def stacks():
    # [(low, high)] of all threads that were made here or in ancestors, in their order.
    if sys.argv[1] != "True":
        return []
    n = ctypes.c_uint.in_dll(libc, "stacks_made").value
    low, high = ((ctypes.c_size_t * n).in_dll(libc, "stacks_" + end) for end in ("low", "high"))
    return list(zip(low, high))

def resident(low, high):
    with open("/proc/self/pagemap", "rb") as f:
        f.seek(low // PAGE * 8)
        return sum(entry >> 63 for entry in memoryview(f.read((high - low) // PAGE * 8)).cast("Q")) * PAGE

def size():
    left = set(stacks()[:inherited]) - set(stacks()[inherited:])
    # The heap has a table (dtv) for each of them, and comes in more pieces; their memory counts all the same.
    maps = [m for m in mappings() if not (left and m[3] == "[heap]")
            and sum(min(m[1], high) - max(m[0], low) for low, high in left if low < m[1] and m[0] < high) < m[1] - m[0]]
    return {"rss": confine.memory("VmRSS") - sum(resident(*stack) for stack in left) >> 10, "maps": len(maps),
            "recorded": _front.state()["core_mappings"], "threads": len(os.listdir("/proc/self/task")),
            "descriptors": len(os.listdir("/proc/self/fd")), "left": len(left)}

read, write = os.pipe()
child.adopt_orphans()
buffer = bytearray(300_000)
generation = 0
inherited = len(stacks())
pid = os.fork()
while pid == 0:
    generation += 1
    gorandom.fill(buffer)
    if gorandom.status().mode != "core":
        os._exit(3)
    if generation in (20, 300):
        os.write(write, json.dumps(size()).encode() + b"\\n")
    if generation == 300:
        os._exit(0)
    inherited = len(stacks())
    pid = os.fork()
    if pid:
        os._exit(0)
ends = []
while True:
    try:
        ends.append(os.wait()[1])
    except ChildProcessError:
        break
sizes = [json.loads(line) for line in os.read(read, 1 << 16).splitlines()]
print(json.dumps({"ends": len(ends), "bad": sum(map(bool, ends)), "sizes": sizes}))
""",
        start, left, timeout=60, env={"LD_PRELOAD": str(preload)} if left else None,
    )
    assert (result["ends"], result["bad"]) == (300, 0)
    early, late = result["sizes"]
    assert late.pop("rss") <= early.pop("rss") + 2048  # KiB
    assert late.pop("maps") <= early.pop("maps") + 6
    assert late.pop("recorded") <= early.pop("recorded") + 6
    few, many = sorted((early.pop("threads"), late.pop("threads")))
    assert many - few < 6  # Go wants one or two more now and then; each has one more in reserve
    assert late.pop("left") - early.pop("left") <= (300 - 20) * (many - 1) * left
    assert late == early


@pytest.mark.parametrize("how", ["fork", "raw_clone"])
def test_a_child_has_none_of_the_cores_mappings(how):
    """Go's memory is absent; what is wiped is there and empty; of the rest a child has the stacks of Go's threads,
    which the C library owns. Guards MADV_DONTFORK, and that those stacks are small and have no guards: they lie in a
    few mappings, whatever the C library's usual size is."""
    result = run(
        MAPS + """
gorandom.status(), len(mappings())
known = mappings()
gorandom.get_random_bytes(16)

def added(m):
    # Bytes that were not mapped before: neighbours that are alike grow together.
    return m[1] - m[0] - sum(max(0, min(m[1], k[1]) - max(m[0], k[0])) for k in known)

new = [m for m in mappings() if added(m) > 4096 and "wf" not in m[2] and m[3] != "[heap]"]  # the front has a page for its own names
threads = len(os.listdir("/proc/self/task")) - 1  # 8, and more where the machine is busy
pid = os.fork() if sys.argv[1] == "fork" else child.helper().bare_fork(1, None)
if not pid:
    os.kill(os.getpid(), 19)
    os._exit(0)
os.waitpid(pid, os.WUNTRACED)
theirs = mappings(pid)
os.kill(pid, 18)
os.waitpid(pid, 0)
kept = [m for m in new if any(t[0] < m[1] and m[0] < t[1] for t in theirs)]
print(json.dumps({"new": len(new), "dumped": [m for m in new if "dd" not in m[2] and m not in kept],
                  "kept": sum(map(added, kept)), "threads": threads}))
""",
        "auto", how, helped=True,
    )
    stack = (256 << 10) + (4096 if GLIBC < (2, 34) else 0)  # glibc made one a page larger, lest all collide in the cache
    stacks = result.pop("threads") * stack
    assert result.pop("new") >= 10 and stacks >= 8 * stack
    assert stacks <= result.pop("kept") < stacks + 65536  # a page of the front's may have grown together with them
    assert result == {"dumped": []}


def test_what_a_child_maps_where_the_parents_core_was_is_its_own():
    """The child's core starts later and undoes the parent's. Fails (its own pages unmapped: a signal) if the record
    of the parent's mappings lives on in the child."""
    result = run(
        MAPS + """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
MAP_FIXED_NOREPLACE = 0x100000
gorandom.status(), len(mappings())
known = {m[0] for m in mappings()}
gorandom.get_random_bytes(16)
gone = [m for m in mappings() if m[0] not in known and "dc" in m[2]]
pid = os.fork()
if pid == 0:
    mine = []
    for low, high, *_ in gone:
        n = min(high - low, 1 << 16)
        if libc.mmap(low, n, 3, 0x22 | MAP_FIXED_NOREPLACE, -1, 0) == low:
            ctypes.memset(low, 0x5a, n)
            mine.append((low, n))
    while gorandom.status().mode != "core":
        gorandom.fill(bytearray(300_000))
    kept = sum(ctypes.string_at(low, n) == bytes([0x5a]) * n for low, n in mine)
    os._exit(0 if len(mine) == len(gone) and kept == len(mine) else 1)
print(json.dumps({"gone": len(gone), "status": os.waitpid(pid, 0)[1]}))
""",
        "auto",
    )
    assert result.pop("gone") >= 10
    assert result == {"status": 0}


@starts
@pytest.mark.parametrize("how", ["fork", "raw_clone"])
def test_a_child_has_nothing_of_the_parents_pools(start, how):
    """The parent reads its own pool, forks, and looks for those bytes in all of the child's memory. Guards
    MADV_WIPEONFORK: the child's page is zeros before any code of the child has run."""
    result = run(
        MAPS + """
pages = full_pools()
wanted = [page[-i:][:16] for page in pages for i in (512, 1024)]
here = search(wanted, secret)
# The child keeps no copy of wanted that this process made: it is asked through a pipe, and only waits.
go_read, go_write = os.pipe()
pid = os.fork() if sys.argv[1] == "fork" else child.helper().bare_fork(1, None)
if pid == 0:
    os.close(go_write)
    os.read(go_read, 1)
    os._exit(0)
os.close(go_read)
there = search(wanted, secret, pid)
os.close(go_write)
os.waitpid(pid, 0)
print(json.dumps({"pools": len(pages), "here": here, "there": there}))
""",
        start, how, helped=True,
    )
    assert result["pools"] >= 1
    assert result["here"], "the test does not find the pool where it is"
    assert result["there"] == []


@starts
def test_handed_out_bytes_are_erased(start):
    """From the pool, as they are handed out: no secret mapping holds a token that a caller got. Guards
    hand_out's memset."""
    result = run(
        MAPS + """
full_pools()
tokens = [gorandom.get_random_bytes(16) for _ in range(20)]
tokens += [gorandom.get_random_bytes(n)[-16:] for n in (200, 3000, 9000, 100_000)]
found = search(tokens, secret)
print(json.dumps({"found": found}))
""",
        start,
    )
    assert result["found"] == []


@starts
def test_a_core_dump_has_no_pools(start):
    """gcore writes what a crash would. Guards MADV_DONTDUMP."""
    gcore = shutil.which("gcore")
    if not gcore:
        pytest.skip("NOT TESTED: needs gcore (Debian: gdb)")
    path = folder() / f"dump-{start}"
    result = run(
        MAPS + """
import mmap, subprocess
# A child is dumped, because this program has copies of what it looks for.
marker_read, marker_write = os.pipe()
go_read, go_write = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(go_write)
    marker = gorandom.get_random_bytes(16)
    gorandom.fill(bytearray(300_000))
    while os.read(go_read, 1):
        gorandom.get_random_bytes(500)
        os.write(marker_write, marker)
    os._exit(len(marker) - 16)
for _ in range(60):
    os.write(go_write, b"x")
    marker = os.read(marker_read, 16)
    pages = pools(pid)
    if pages:
        break
wanted = [page[-i:][:16] for page in pages for i in (512, 1024, 2048)]
done = subprocess.run([sys.argv[1], "-o", sys.argv[2], str(pid)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
os.close(go_write)
assert os.waitpid(pid, 0)[1] == 0
dump = f"{sys.argv[2]}.{pid}"
if not os.path.exists(dump):
    print(json.dumps({"refused": done.stderr[-500:]}))
    sys.exit()
with open(dump, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
    print(json.dumps({"pools": len(pages), "marker": data.find(marker) >= 0,
                      "found": sum(data.find(w) >= 0 for w in wanted)}))
os.unlink(dump)
""",
        start, gcore, path,
    )
    if "refused" in result:
        pytest.skip(f"gcore cannot dump here: {result['refused']}")
    assert result["pools"] >= 1
    assert result["marker"], "the dump does not hold even an ordinary bytes object"
    assert result["found"] == 0


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_threads_inherit_no_registers(start):
    """A thread is made with the registers of its maker, and the core's threads sleep: what stood in a register that they
    don't use, such as the key that memcpy() has just moved for hmac.Key, would be in every core dump from then on.
    Guards the clearing before pthread_create() in threads.c."""
    library = compile_c("marked.so", "marked.c", flags=("-shared", "-fPIC"))
    result = run(
        """
import ctypes, json, os, sys
import gorandom, registers
mark = bytes(range(17, 33))
r, w = os.pipe()
end, ended = os.pipe()
pid = os.fork()  # before the core: it is the child's
if pid == 0:
    function = ctypes.CFUNCTYPE(None)
    draw = function(lambda: gorandom.fill(bytearray(2 << 20)))
    library = ctypes.CDLL(sys.argv[1])
    library.call_marked(mark, draw)
    os.write(w, gorandom.status().mode.encode())
    os.close(ended)
    os.read(end, 1)
    os._exit(0)
mode = os.read(r, 10).decode()
try:
    threads = [int(t) for t in os.listdir(f"/proc/{pid}/task") if int(t) != pid]
    marked = [t for t in threads if mark in registers.of_thread(t)]
except PermissionError:
    threads = marked = None
os.close(ended)
os.waitpid(pid, 0)
print(json.dumps({"mode": mode, "threads": threads, "marked": marked}))
""",
        start, library,
    )  # fmt: skip
    if result["threads"] is None:
        pytest.skip("needs the right to use ptrace: REGISTERS ARE NOT LOOKED AT")
    assert result["mode"] == "core" and len(result["threads"]) >= 2
    assert result["marked"] == []
