"""The works that are measured, the contestants that do them, and the bars that they must meet. To add one, add a row.

A Work has contestants, gorandom first. A Bar names works and what they must reach. The rest of this folder:

    run.py      make bench: measures all of this, by measure.py (processes, rounds), timed.py (pyperf) and sweep.py
    machine.py  what the figures depend on
    report.py   prints the tables and the bars of measurements, and writes the tables of docs/benchmarks.md and README.md
    plots.py    make bench-plots: draws them
    compare.py  make bench-compare: this tree beside another revision
    ratios.py   the arithmetic
    floor.c     what any function that returns bytes costs
    go.sh       make bench-go: all benchmarks of the Go code, through benchstat
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

# ---- kinds of contestants ----


@dataclass(frozen=True)
class Timed:
    """A statement that pyperf times, in seconds. ``parts``: how many pieces of work one run does."""

    setup: str
    statement: str
    parts: int = 1
    start: str = "auto"  # GORANDOM_START


@dataclass(frozen=True)
class Sized:
    """A draw of ``size`` bytes, which sweep.py times beside draws of all other sizes."""

    setup: str  # makes f
    size: int


@dataclass(frozen=True)
class Program:
    """A Python program that measures itself and prints numbers in the work's unit."""

    source: str
    start: str = "auto"
    free: bool = False  # on a CPython without a GIL


@dataclass(frozen=True)
class GoBench:
    """A benchmark of a package below tests/go, in seconds."""

    package: str
    name: str


@dataclass(frozen=True)
class OpenSSL:
    """``openssl speed -evp CIPHER``, in seconds for ``size`` bytes."""

    cipher: str
    size: int


# ---- works and bars ----


@dataclass(frozen=True)
class Work:
    name: str
    group: str
    contestants: dict
    unit: str = "s"  # or "B", or "of a core"
    size: int = 0  # bytes that it makes; if given, a speed is printed beside the time


@dataclass(frozen=True)
class Facts:
    """The properties of the machine that decide which bar holds."""

    vaes: bool
    sha_ni: bool
    vdso: bool | None  # os.urandom draws without a system call; None if that could not be found out
    gil: bool
    fork_counts: bool  # os.fork counts threads, to warn about them: CPython 3.12
    cores: int


@dataclass(frozen=True)
class Bar:
    """What ``ours`` must reach in each of ``works``, compared with each of ``than``, or all others if that is empty. Each
    limit may be a function of Facts, which gives None where the bar does not hold on this machine."""

    name: str
    work: str | tuple
    than: tuple = ()
    ours: str = "gorandom"
    at_least: float | Callable | None = None  # times as fast
    cost: float | Callable | None = None  # at most this many times the time
    at_most: float | Callable | None = None  # of the work's unit
    adds: str = ""  # the contestant whose figure is subtracted first

    @property
    def works(self):
        return (self.work,) if isinstance(self.work, str) else self.work


KB, MB = 1 << 10, 1 << 20

# ---- bytes ----


DRAWERS = {
    "gorandom": "from gorandom import get_random_bytes as f",
    "os.urandom": "from os import urandom as f",
    "secrets.token_bytes": "from secrets import token_bytes as f",
    "PyNaCl": "from nacl.utils import random as f",
    "PyCryptodome": "from Crypto.Random import get_random_bytes as f",
    "ssl.RAND_bytes": "from ssl import RAND_bytes as f",
    "random.randbytes (insecure)": "from random import randbytes as f",
    "numpy's bytes (insecure)": "import numpy; f = numpy.random.default_rng().bytes",
}


def draws(n, **more):
    call = f"f({n})"
    return {
        **{name: Timed(setup, call) for name, setup in DRAWERS.items()},
        "gorandom, direct mode": Timed(DRAWERS["gorandom"], call, start="never"),
        **more,
    }


PEERS = ("os.urandom", "secrets.token_bytes", "PyNaCl", "PyCryptodome")
INSECURE = ("random.randbytes (insecure)", "numpy's bytes (insecure)")
ZEROS = {"a function that returns 16 zeros": Timed("from floor import zeros as f", "f(16)")}

BYTES = [
    Work("get_random_bytes(16)", "Bytes", draws(16, **ZEROS)),
    Work("get_random_bytes(4 KiB)", "Bytes", draws(4 * KB), size=4 * KB),
    Work("get_random_bytes(1 MiB)", "Bytes", draws(MB), size=MB),
]

# ---- bytes, by size ----

SWEPT = ("gorandom", "os.urandom", "ssl.RAND_bytes", "PyNaCl", "random.randbytes (insecure)")
LARGEST = 64 * MB
POWERS = [1 << i for i in range(LARGEST.bit_length())]
# Sizes at which a draw may take another path: the largest draw from a pool and a page's content, draws that release
# the GIL, draws from a thread's generator, a request of Fortuna's, an entry into Go, and writes past the caches.
STEPS = [512, KB, 3776, 8 * KB, 64 * KB, 256 * KB, MB, 8 * MB, 32 * MB]
EDGES = sorted({*POWERS, *STEPS})  # n, beside n + 1
BETWEEN = [3 * n // 2 for n in POWERS[1:-1]]


def sized(n):
    contestants = {name: Sized(DRAWERS[name], n) for name in SWEPT}
    if n - 1 in EDGES:
        contestants["one byte less"] = Sized(DRAWERS["gorandom"], n - 1)
    return Work(f"draw of {n:,} B", "Sizes", contestants, size=n)


SIZES = [sized(n) for n in sorted({*EDGES, *(n + 1 for n in EDGES), *BETWEEN})]

# ---- keystream ----

FILL = "from gorandom import fill as f; b = bytearray(1 << 20)"
KERNELS = ("vaes512", "vaes256", "aesni", "generic")
KEYSTREAM = [
    Work(
        "keystream, 1 MiB",
        "Keystream",
        {
            "gorandom": Timed(FILL, "f(b)"),
            "openssl speed aes-256-ctr": OpenSSL("aes-256-ctr", MB),
            **{f"kernel {k}": GoBench("keystream", f"Fill/{k}/{MB}") for k in KERNELS},
        },
        size=MB,
    ),
]

# ---- fill, 64 MiB ----

FILL_PROGRAM = """
import threading, time, gorandom
buffers = [bytearray(b"1") * (64 << 20) for _ in range({threads})]
began = []
go = threading.Barrier({threads}, action=lambda: began.append(time.perf_counter()))
def work(b):
    gorandom.fill(b)
    go.wait()
    for _ in range(60): gorandom.fill(b)
threads = [threading.Thread(target=work, args=(b,)) for b in buffers]
for t in threads: t.start()
for t in threads: t.join()
print((time.perf_counter() - began[0]) / (60 * len(threads)))
"""

FILL_MEMORY = """
import gorandom
def memory(name):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(name)) * 1024
buffer = bytearray(b"1") * (64 << 20)
gorandom.fill(memoryview(buffer)[:16])  # starts the core
memory("VmRSS")  # whatever the first look costs
before = memory("VmRSS")
with open("/proc/self/clear_refs", "w") as f:
    f.write("5")  # the peak, VmHWM, begins anew
gorandom.fill(buffer)
print(max(0, memory("VmHWM") - before))
"""

FILLS = [
    Work(
        "fill(64 MiB), two threads",
        "Fill",
        {
            "gorandom": Program(FILL_PROGRAM.format(threads=2)),
            "one thread": Program(FILL_PROGRAM.format(threads=1)),
        },
        size=64 * MB,
    ),
    Work("fill(64 MiB), memory added", "Fill", {"gorandom": Program(FILL_MEMORY)}, unit="B"),
]

# ---- secrets, SystemRandom, gorandom.random, UUIDs ----


def drop_in(name, group, call, ours, theirs, setup="", **more):
    return Work(
        name, group, {"gorandom": Timed(f"{ours}\n{setup}", call), "stdlib": Timed(f"{theirs}\n{setup}", call), **more}
    )


SECRETS = ("from gorandom import secrets as m", "import secrets as m")
SYSTEM = ("from gorandom import SystemRandom; m = SystemRandom()", "from random import SystemRandom; m = SystemRandom()")
PYCRYPTO = ("from gorandom import random as m", SYSTEM[1])
LIST = "x = list(range(100))"
WIDE = "x = list(range(1000))"

SMALL = [
    drop_in("secrets.randbelow(1000)", "Secrets", "m.randbelow(1000)", *SECRETS),
    drop_in("secrets.choice of 100", "Secrets", "m.choice(x)", *SECRETS, LIST),
    drop_in("secrets.token_hex()", "Secrets", "m.token_hex()", *SECRETS),
    drop_in("secrets.token_urlsafe()", "Secrets", "m.token_urlsafe()", *SECRETS),
    drop_in("secrets.randbits(64)", "Secrets", "m.randbits(64)", *SECRETS),
    drop_in("SystemRandom.random()", "Secrets", "m.random()", *SYSTEM),
    drop_in("SystemRandom.randrange(1000)", "Secrets", "m.randrange(1000)", *SYSTEM),
    drop_in("SystemRandom.choice of 100", "Secrets", "m.choice(x)", *SYSTEM, LIST),
    drop_in("SystemRandom.getrandbits(64)", "Secrets", "m.getrandbits(64)", *SYSTEM),
    drop_in("random.randrange(1000)", "Secrets", "m.randrange(1000)", *PYCRYPTO),
    drop_in("random.choice of 100", "Secrets", "m.choice(x)", *PYCRYPTO, LIST),
    drop_in("random.getrandbits(64)", "Secrets", "m.getrandbits(64)", *PYCRYPTO),
]
MANY = [
    drop_in("SystemRandom.shuffle of 100", "Secrets", "m.shuffle(x)", *SYSTEM, LIST),
    drop_in("SystemRandom.sample, 100 of 1000", "Secrets", "m.sample(x, 100)", *SYSTEM, WIDE),
    drop_in("random.shuffle of 100", "Secrets", "m.shuffle(x)", *PYCRYPTO, LIST),
    drop_in("random.sample, 100 of 1000", "Secrets", "m.sample(x, 100)", *PYCRYPTO, WIDE),
]

UUIDS = [
    Work(
        f"{name}()",
        "UUIDs",
        {
            "gorandom": Timed(f"from gorandom import {name} as f", "f()"),
            "stdlib uuid4": Timed("from uuid import uuid4 as f", "f()"),
            **({"stdlib uuid7": Timed("from uuid import uuid7 as f", "f()")} if name == "uuid7" else {}),
            "uuid_utils.compat": Timed(f"from uuid_utils.compat import {name} as f", "f()"),
        },
    )
    for name in ("uuid4", "uuid7")
]

# ---- numpy ----


def generators(call, numbers=10_000, first=""):
    out = f"{first}import numpy as np; out = np.empty({numbers})\n"
    made = "; g = np.random.Generator(B())"
    return {
        "gorandom": Timed(out + "from gorandom import BitGenerator as B" + made, call, parts=numbers),
        "PCG64 (insecure)": Timed(out + "from numpy.random import PCG64 as B" + made, call, parts=numbers),
        "randomgen's AESCounter": Timed(out + "from randomgen import AESCounter as B" + made, call, parts=numbers),
    }


NUMPY = [
    Work("numpy: doubles", "numpy, a number", generators("g.random(out=out)")),
    Work("numpy: integers", "numpy, a number", generators("g.integers(0, 1_000_000, 10_000)")),
    Work("numpy: normals", "numpy, a number", generators("g.standard_normal(out=out)")),
]

# ---- HMAC ----

TEXT = "key, message, long = b'k' * 32, b'm' * 32, bytes(1 << 20)\n"
STDLIB_HMAC = TEXT + "from hmac import digest, compare_digest, new; made = new(key, digestmod='{0}')"
OUR_HMAC = TEXT + "from gorandom.hmac import digest, compare_digest, new, Key; made = Key(key, '{0}')"
COPY = "h = made.copy(); h.update(message); h.digest()"


def tags(digest):
    ours, theirs = OUR_HMAC.format(digest), STDLIB_HMAC.format(digest)
    once, long = f"digest(key, message, '{digest}')", f"digest(key, long, '{digest}')"
    an_object = f"new(key, message, '{digest}').digest()"

    def work(name, call, their_call, parts=1, **more):
        return Work(
            f"HMAC-{digest}, {name}",
            "HMAC",
            {"gorandom": Timed(ours, call, parts), "stdlib": Timed(theirs, their_call), **more},
        )

    return [
        work("one-shot", once, once),
        work("object", an_object, an_object),
        work("prepared key", "made.digest(message)", COPY, **{"hmac.digest": Timed(theirs, once)}),
        work("prepared key, 100 at once", "made.digests([message] * 100)", COPY, 100),
        work("1 MiB", long, long),
    ]


HMAC = [
    *tags("sha256"),
    *tags("sha512"),
    Work(
        "compare_digest of 32 bytes",
        "HMAC",
        {
            "gorandom": Timed(OUR_HMAC.format("sha256"), "compare_digest(key, message)"),
            "stdlib": Timed(STDLIB_HMAC.format("sha256"), "compare_digest(key, message)"),
        },
    ),
]

# ---- threads ----

THREADS_PROGRAM = """
import itertools, threading, time
from {module} import {name} as f
n = {draws}
began = []
go = threading.Barrier({threads}, action=lambda: began.append(time.perf_counter()))
def work():
    f(16)
    go.wait()
    for _ in itertools.repeat(None, n): f(16)
threads = [threading.Thread(target=work) for _ in range({threads})]
for t in threads: t.start()
for t in threads: t.join()
print((time.perf_counter() - began[0]) / (n * len(threads)))
"""


def threads(module, name, number, **how):
    return Program(THREADS_PROGRAM.format(module=module, name=name, threads=number, draws=800_000 // number), **how)


# 100 threads draw 16 bytes five times, over more than a second, so ready bytes go stale meanwhile. They live until
# everything is read.
THREAD_MEMORY = """
import os, threading, time
from {module} import {name} as f
n = 100
started, go, drawn, end = (threading.Barrier(n + 1) for _ in range(4))
def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
def work():
    started.wait()
    go.wait()
    for _ in range(5):
        f(16)
        time.sleep(0.25)
    drawn.wait()
    end.wait()
f(16)
for _ in range(n): threading.Thread(target=work).start()
resident()
started.wait()
before = resident()
go.wait()
drawn.wait()
print((resident() - before) / n)
end.wait()
"""


# The calls that are timed while 64 threads of the program fill 64 MiB each, over and over. They share one buffer.
CALLS_BESIDE = {
    "reseed()": "gorandom.reseed",
    "status()": "gorandom.status",
    "add_event()": "lambda: gorandom.add_event(b'event')",
    "seedfile.save()": "lambda: seedfile.save(path)",
}
BESIDE = """
import os, shutil, tempfile, threading, time, gorandom
from gorandom import seedfile
folder = tempfile.mkdtemp()
path = folder + "/seed"
call = {call}
call()
buffer = bytearray(64 << 20)
def fill():
    while True: gorandom.fill(buffer)
for _ in range(64): threading.Thread(target=fill, daemon=True).start()
time.sleep(0.2)
end, times = time.perf_counter() + 2, []
while time.perf_counter() < end:
    start = time.perf_counter()
    call()
    times.append(time.perf_counter() - start)
print(sorted(times)[-1 - len(times) // 1000], flush=True)
shutil.rmtree(folder)
os._exit(0)
"""

THREADS = [
    *(
        Work(f"{name} beside 64 threads that fill, p99.9", "Threads, what waits", {"gorandom": Program(BESIDE.format(call=call))})
        for name, call in CALLS_BESIDE.items()
    ),
    Work(
        "16 bytes, 8 threads",
        "Threads, a draw",
        {
            "gorandom": threads("gorandom", "get_random_bytes", 8),
            "gorandom, one thread": threads("gorandom", "get_random_bytes", 1),
            "os.urandom": threads("os", "urandom", 8),
        },
    ),
    Work(
        "16 bytes, two threads without a GIL",
        "Threads, a draw",
        {
            "gorandom": threads("gorandom", "get_random_bytes", 2, free=True),
            "gorandom, one thread": threads("gorandom", "get_random_bytes", 1, free=True),
            "os.urandom": threads("os", "urandom", 2, free=True),
        },
    ),
    Work(
        "memory of a thread that draws now and then",
        "Threads, memory",
        {
            "gorandom": Program(THREAD_MEMORY.format(module="gorandom", name="get_random_bytes")),
            "os.urandom": Program(THREAD_MEMORY.format(module="os", name="urandom")),
        },
        unit="B",
    ),
]

# ---- Go ----

GO = [
    Work(
        f"Go: Read of {text}",
        "Go",
        {
            "gorandom": GoBench("gorandom", f"Read/gorandom/{n}"),
            "crypto/rand": GoBench("gorandom", f"Read/crypto-rand/{n}"),
        },
        size=n if n > 16 else 0,
    )
    for n, text in ((16, "16 bytes"), (MB, "1 MiB"))
]

# ---- once in a process ----

IMPORT = """
import time
start = time.perf_counter()
import gorandom
print(time.perf_counter() - start)
"""

STARTUP = """
import subprocess, sys, time
start = time.perf_counter()
subprocess.run([sys.executable, "-c", "{what}"], check=True)
print(time.perf_counter() - start)
"""

FIRST = """
import time, gorandom
start = time.perf_counter()
gorandom.get_random_bytes(16)
print(time.perf_counter() - start)
"""

# The parent has drawn. The time is taken in the child, from its first Python instruction.
CHILD = """
import os, time, gorandom
gorandom.get_random_bytes(16)
for _ in range(20):
    r, w = os.pipe()
    if os.fork() == 0:
        {child}
        os.write(w, repr(took).encode())
        os._exit(0)
    os.wait()
    print(os.read(r, 99).decode())
    os.close(r)
    os.close(w)
"""

ONE_DRAW = """
        start = time.perf_counter()
        gorandom.get_random_bytes(16)
        took = time.perf_counter() - start"""

# The slowest of a child's draws until its core has taken over.
TAKES_OVER = """
        took = 0.0
        while gorandom.status().mode != "core":
            for _ in range(100):
                start = time.perf_counter()
                gorandom.get_random_bytes(1024)
                took = max(took, time.perf_counter() - start)"""

# The first forks of a process cost more than later ones.
FORK = """
import os, threading, time
{before}
times = []
for _ in range(60):
    start = time.perf_counter()
    child = os.fork()
    if not child:
        os._exit(0)
    {then}
    times.append(end - start)
print(*times[10:])
"""
FORKS = {
    "os.fork, the call": "end = time.perf_counter(); os.waitpid(child, 0)",
    "os.fork, until the child is reaped": "os.waitpid(child, 0); end = time.perf_counter()",
}
FORKERS = {
    "gorandom": "import gorandom; gorandom.get_random_bytes(16)",
    "after import": "import gorandom",
    "after import, with an idle thread": "import gorandom; threading.Thread(target=threading.Event().wait, daemon=True).start()",
    "without gorandom": "pass",
}

# All threads but the interpreter's own are the core's. Half a second after a start Go's runtime has settled.
IDLE = """
import os, time, gorandom
def used():
    total = 0
    for thread in os.listdir("/proc/self/task"):
        if int(thread) != os.getpid():
            with open(f"/proc/self/task/{thread}/schedstat") as f:
                total += int(f.read().split()[0])
    return total / 1e9
gorandom.get_random_bytes(16)
time.sleep(0.5)
start, began = used(), time.perf_counter()
time.sleep(0.5)
print((used() - start) / (time.perf_counter() - began))
"""

RESIDENT = """
import gorandom
def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096
before = resident()
gorandom.get_random_bytes(16)
assert gorandom.status().mode == "core"
gorandom.get_random_bytes(1 << 20)
print(resident() - before)
"""

REST = [
    Work("import, timed from within", "At rest", {"gorandom": Program(IMPORT)}),
    Work(
        "a process that imports",
        "At rest",
        {"gorandom": Program(STARTUP.format(what="import gorandom")), "pass": Program(STARTUP.format(what="pass"))},
    ),
    Work("first draw", "At rest", {"gorandom": Program(FIRST)}),
    Work(
        "first draw in a child",
        "At rest",
        {
            "gorandom": Program(CHILD.format(child=ONE_DRAW)),
            "gorandom, eager": Program(CHILD.format(child=ONE_DRAW), start="eager"),
        },
    ),
    Work("slowest draw when a child's core takes over", "At rest", {"gorandom": Program(CHILD.format(child=TAKES_OVER))}),
    *(
        Work(work, "At rest", {name: Program(FORK.format(before=before, then=then)) for name, before in FORKERS.items()})
        for work, then in FORKS.items()
    ),
    Work("processor time of an idle core", "At rest", {"gorandom": Program(IDLE)}, unit="of a core"),
    Work("memory that a core adds", "At rest", {"gorandom": Program(RESIDENT)}, unit="B"),
]

# ---- where the kernel does not wipe memory at fork: gVisor, kernels before 4.14; here, a filter that says so ----

NO_WIPING = "import confine, errno; confine.refuse('madvise', errno.EINVAL, argument=2, value=18)  # MADV_WIPEONFORK\n"


def not_wiped(name, call, ours, theirs):
    return drop_in(f"not wiped: {name}", "Where the kernel does not wipe memory at fork", call, NO_WIPING + ours, NO_WIPING + theirs)


NOT_WIPED = [
    not_wiped("16 bytes", "f(16)", DRAWERS["gorandom"], DRAWERS["os.urandom"]),
    not_wiped("token_hex()", "m.token_hex()", *SECRETS),
    not_wiped("uuid4()", "f()", "from gorandom import uuid4 as f", "from uuid import uuid4 as f"),
    not_wiped("randbelow(1000)", "m.randbelow(1000)", *SECRETS),
    Work(
        "not wiped: numpy's doubles",
        "Where the kernel does not wipe memory at fork",
        {name: c for name, c in generators("g.random(out=out)", 1000, NO_WIPING).items() if "randomgen" not in name},
    ),
]

# ---- what makes a pool stale: the clock, and the monitor of a machine that was restored ----

CLOCKS = [
    Work(
        "the clock",
        "The clock, in a call",
        {
            "time(NULL)": Timed("from floor import zeros_time as f", "f(16)"),
            "CLOCK_MONOTONIC_COARSE": Timed("from floor import zeros_coarse as f", "f(16)"),
            "CLOCK_MONOTONIC": Timed("from floor import zeros_monotonic as f", "f(16)"),
            "vmclock's page": Timed("from floor import zeros_vmclock as f", "f(16)"),
            "no such page": Timed("from floor import zeros_unwatched as f", "f(16)"),
            "no clock": Timed("from floor import zeros as f", "f(16)"),
        },
    )
]

WORKS = [*BYTES, *SIZES, *KEYSTREAM, *FILLS, *SMALL, *MANY, *UUIDS, *NUMPY, *HMAC, *THREADS, *GO, *REST, *NOT_WIPED, *CLOCKS]


def chosen(pattern):
    """The works with the expression in their name or group; all works without one."""
    return [w for w in WORKS if not pattern or re.search(pattern, f"{w.group} {w.name}", re.I)]


def swept(low=0, high=LARGEST + 1):
    return tuple(w.name for w in SIZES if low <= w.size <= high)


NEXT = tuple(w.name for w in SIZES if "one byte less" in w.contestants)

BARS = [
    Bar("keystream", "keystream, 1 MiB", ("openssl speed aes-256-ctr",), at_least=lambda f: 1.8 if f.vaes else 0.95),
    Bar("16 bytes", "get_random_bytes(16)", PEERS, at_least=lambda f: 3 if f.vdso else 8),
    Bar("16 bytes, beside zeros", "get_random_bytes(16)", at_most=12e-9, adds=next(iter(ZEROS))),
    Bar("4 KiB, the secure", "get_random_bytes(4 KiB)", ("ssl.RAND_bytes", *PEERS), at_least=1),
    Bar("4 KiB, the insecure", "get_random_bytes(4 KiB)", INSECURE, at_least=1),
    Bar("1 MiB, the secure", "get_random_bytes(1 MiB)", ("ssl.RAND_bytes", *PEERS), at_least=1),
    Bar("1 MiB, the insecure", "get_random_bytes(1 MiB)", INSECURE, at_least=1),
    *(Bar(f"every size, {peer}", swept(), (peer,), at_least=1) for peer in SWEPT[1:]),
    Bar("1,025 to 16,384 bytes, ssl.RAND_bytes", swept(1025, 16384), ("ssl.RAND_bytes",), at_least=2),
    Bar("1,025 to 16,384 bytes, os.urandom", swept(1025, 16384), ("os.urandom",), at_least=6),
    Bar("one byte more", NEXT, ("one byte less",), cost=1.25),
    Bar("fill, memory", "fill(64 MiB), memory added", at_most=256 * KB),
    Bar("fill, two threads", "fill(64 MiB), two threads", at_least=lambda f: 1.8 if f.cores > 1 else None),
    *(Bar(w.name, w.name, at_least=8) for w in SMALL),
    *(Bar(w.name, w.name, at_least=20) for w in MANY),
    *(Bar(f"{w.name}, stdlib", w.name, ("stdlib uuid4",), at_least=8) for w in UUIDS),
    *(Bar(f"{w.name}, uuid_utils", w.name, ("uuid_utils.compat",), at_least=1) for w in UUIDS),
    *(Bar(f"{w.name}, PCG64", w.name, ("PCG64 (insecure)",), at_least=lambda f: 0.9 if f.vaes else None) for w in NUMPY),
    *(Bar(f"{w.name}, AESCounter", w.name, ("randomgen's AESCounter",), at_least=1) for w in NUMPY),
    # With a GIL the threads take turns, so what eight threads lose is time spent waiting for something else.
    Bar("8 threads", "16 bytes, 8 threads", ("gorandom, one thread",), at_least=lambda f: 0.8 if f.gil else 0.7 * f.cores),
    Bar(
        "two threads without a GIL", "16 bytes, two threads without a GIL", ("gorandom, one thread",),
        at_least=lambda f: 1.8 if f.cores > 1 else None,
    ),
    Bar("memory of a thread", "memory of a thread that draws now and then", at_most=8 * KB, adds="os.urandom"),
    *(Bar(w.name, w.name, at_most=0.1) for w in THREADS if w.group == "Threads, what waits"),
    Bar("Go, 16 bytes", "Go: Read of 16 bytes", at_least=1.5),
    Bar("Go, 1 MiB", "Go: Read of 1 MiB", at_least=4),
    Bar("import", "import, timed from within", at_most=5e-3),
    Bar("first draw", "first draw", at_most=5e-3),
    *(Bar(f"{work}: import", work, ("without gorandom",), "after import", cost=1.15) for work in FORKS),
    *(Bar(f"{w}: first draw", w, ("after import",), cost=lambda f: None if f.fork_counts else 1.15) for w in FORKS),
    # Where os.fork counts threads, a core's threads cost it the same as any others, and 60 us more.
    *(
        Bar(
            f"{w}: first draw, more than with a thread", w, adds="after import, with an idle thread",
            at_most=lambda f: 60e-6 if f.fork_counts else None,
        )
        for w in FORKS
    ),
    Bar("an idle core", "processor time of an idle core", at_most=0),
    Bar("HMAC, one-shot", "HMAC-sha256, one-shot", at_least=2),
    Bar("HMAC, object", "HMAC-sha256, object", at_least=2.5),
    Bar("HMAC, prepared key", "HMAC-sha256, prepared key", ("stdlib",), at_least=lambda f: 2 if f.sha_ni else 4),
    Bar("HMAC, 1 MiB", "HMAC-sha256, 1 MiB", at_least=1),
    Bar("compare_digest", "compare_digest of 32 bytes", cost=1.05),
    *(Bar(w.name, w.name, at_least=1) for w in NOT_WIPED[:-1]),
    Bar(NOT_WIPED[-1].name, NOT_WIPED[-1].name, at_least=0.1),
    Bar("the clock", "the clock", ours="time(NULL)", adds="no clock"),
    Bar("vmclock", "the clock", ours="vmclock's page", adds="no clock"),
]

# The table of docs/benchmarks.md: a figure's name, what it is compared with, and the bars that have its numbers.
FIGURES = [
    ("keystream, 1 MiB", "`openssl speed -evp aes-256-ctr`", ["keystream"]),
    ("16 bytes", "the nearest of `os.urandom`, `secrets`, PyNaCl, PyCryptodome", ["16 bytes"]),
    ("4 KiB / 1 MiB", "the nearest of these and `ssl.RAND_bytes`", ["4 KiB, the secure", "1 MiB, the secure"]),
    ("1,025 to 16,384 bytes, at the least", "`ssl.RAND_bytes`", ["1,025 to 16,384 bytes, ssl.RAND_bytes"]),
    ("`secrets.token_hex()` / `randbelow(1000)`", "the standard library's", ["secrets.token_hex()", "secrets.randbelow(1000)"]),
    ("shuffle of 100 items", "`random.SystemRandom`", ["SystemRandom.shuffle of 100"]),
    ("`uuid4()` / `uuid7()`", "`uuid.uuid4`", ["uuid4(), stdlib", "uuid7(), stdlib"]),
    ("HMAC-SHA-256, one-shot / prepared key", "the standard library's", ["HMAC, one-shot", "HMAC, prepared key"]),
    ("`hmac.new(key, message, \"sha256\").digest()`", "the standard library's", ["HMAC, object"]),
    ("`gorandom.Read` in Go, 16 bytes / 1 MiB", "`crypto/rand`", ["Go, 16 bytes", "Go, 1 MiB"]),
    ("numpy's doubles / integers / normals", "PCG64 (insecure)", [f"{w.name}, PCG64" for w in NUMPY]),
    ("numpy's doubles / integers", "randomgen's AESCounter", [f"{w.name}, AESCounter" for w in NUMPY[:2]]),
    ("two threads that fill 64 MiB each", "one", ["fill, two threads"]),
    ("the time of a fork after the first draw", "before it", ["os.fork, until the child is reaped: first draw"]),
]

# The figures that README.md shows, including those that are not ahead.
HEADLINES = [
    "16 bytes",
    "4 KiB / 1 MiB",
    "`secrets.token_hex()` / `randbelow(1000)`",
    "`uuid4()` / `uuid7()`",
    "HMAC-SHA-256, one-shot / prepared key",
    "numpy's doubles / integers / normals",
]
