"""What import and draws must leave as it was: threads, descriptors, signals aside (test_signals.py), the
folder, environment, locale, floating point, the warnings' filters; and odd ways to start and end."""

import sys

import pytest
from _forks import GLIBC
from conftest import WITHOUT_PROC

SNAPSHOT = """
import os, sys, ctypes, locale, struct, warnings, resource, math, threading

libc = ctypes.CDLL(None)
getenv = libc.getenv
getenv.restype = ctypes.c_char_p
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
libm = ctypes.CDLL("libm.so.6")

def c_environment():
    found, i = [], 0
    while environ[i] is not None:
        found.append(environ[i])
        i += 1
    return found

def descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink("/proc/self/fd/" + name)
        except OSError:
            pass  # that of the listing itself
    return found

def subnormal():
    # 0 where flush-to-zero or denormals-are-zero is set (-Ofast links code that sets them at load).
    tiny = sys.float_info.min
    # As bytes: with those modes on, a subnormal number compares equal to 0.
    return struct.pack("3d", tiny / 4, tiny / 4 * 2, math.ldexp(tiny, -10) + 0.0)

def snapshot():
    return {
        "cwd": os.getcwd(),
        "umask": (lambda m: (os.umask(m), m)[1])(os.umask(0o77)),
        "environment": dict(os.environ),
        "c environment": c_environment(),
        "locale": locale.setlocale(locale.LC_ALL),
        "rounding": libm.fegetround(),
        "float exceptions enabled": libm.fegetexcept(),
        "subnormals": subnormal(),
        "descriptors": descriptors(),
        "filters": list(warnings.filters),
        "limits": [resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT_")],
        "credentials": os.getresuid() + os.getresgid(),
        "affinity": os.sched_getaffinity(0),
        "niceness": os.nice(0),
        "python threads": [t.name for t in threading.enumerate()],
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook, sys.gettrace()),
        "path": list(sys.path),
        "dumpable": libc.prctl(3, 0, 0, 0, 0),
        "name": open("/proc/self/comm").read(),
    }

def compare(before, after, when):
    for name in before:
        assert before[name] == after[name], f"{name} after {when}: {before[name]!r} -> {after[name]!r}"
"""

UNCHANGED = SNAPSHOT + """
before = snapshot()
assert bytes(8) not in before["subnormals"]
import gorandom
compare(before, snapshot(), "import")
gorandom.get_random_bytes(16)
compare(before, snapshot(), "the first draw")
gorandom.get_random_bytes(5 << 20); gorandom.reseed(); gorandom.add_event(b"x"); gorandom.urandom(2000)
buffer = bytearray(100_000); gorandom.fill(buffer)
compare(before, snapshot(), "draws")
gorandom.status()
compare(before, snapshot(), "status")

def in_thread():
    gorandom.get_random_bytes(100_000)
    seen.append(subnormal())
seen = []
for _ in range(3):
    t = threading.Thread(target=in_thread); t.start(); t.join()
assert seen == [before["subnormals"]] * 3
compare(before, snapshot(), "draws in threads")
"""


def test_nothing_changes(python, start_mode):
    """Guards: no -Ofast in any of the three libraries (it sets flush-to-zero for the whole process), no chdir at
    import as gopy's own loader does, no epoll descriptor of Go's, no filter of warnings at import."""
    python(UNCHANGED, start=start_mode)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_locale_and_terminal_settings(python, locale):
    python(UNCHANGED, env={"LC_ALL": locale, "GODEBUG": "gctrace=1,schedtrace=10", "GOTRACEBACK": "crash", "GOGC": "1",
                           "GOMAXPROCS": "1", "GOPY_HANDLE_TRACE": "1", "LANG": locale})  # fmt: skip


THREADS = """
import os
def threads(): return len(os.listdir("/proc/self/task"))
import gorandom
print(threads())
gorandom.status(); gorandom.add_event(b"x"); gorandom.wait_for_system_rng(); gorandom.new(); gorandom.atfork()
gorandom.urandom(0); gorandom.get_random_bytes(0); gorandom.fill(bytearray())
for bad in (-1, "x", 1 << 70):
    try: gorandom.get_random_bytes(bad)
    except (ValueError, TypeError, OverflowError): pass
print(threads())
gorandom.get_random_bytes(1)
print(threads())
"""


def test_no_thread_before_the_first_draw(python):
    """And none at all in direct mode."""
    first, second, third = map(int, python(THREADS, start="auto").split())
    assert (first, second) == (1, 1) and third > 1
    assert python(THREADS, start="never").split() == ["1", "1", "1"]


IMPORTED = """
import sys
before = set(sys.modules)
import gorandom
after = set(sys.modules)
gorandom.get_random_bytes(16); gorandom.urandom(5000); gorandom.new().read(3); gorandom.reseed(); gorandom.add_event(b"x")
print(*sorted(after - before))
print(*sorted(set(sys.modules) - after))
"""


def test_modules_that_it_imports(python):
    """Import time: each of these costs, and dataclasses, typing, re and hashlib cost milliseconds."""
    at_import, later = (set(line.split()) for line in python(IMPORTED).split("\n")[:2])
    own = {name for name in at_import if name.partition(".")[0] == "gorandom"}
    names = ["_core", "_forklock", "_front", "_rngfile", "_version", *["_forkwarning"] * (sys.version_info >= (3, 12))]
    assert own == {"gorandom", *(f"gorandom.{name}" for name in names)}
    warnings = "import sys; before = set(sys.modules); import warnings; print(*set(sys.modules) - before)"
    assert at_import - own <= {"io", *python(warnings).split()}
    assert later == set()


@pytest.mark.parametrize(
    "flags",
    [["-I"], ["-O"], ["-OO"], ["-bb"], ["-X", "dev", "-W", "error"], ["-X", "faulthandler"],
     ["-X", "tracemalloc"], ["-P"], ["-u"], ["-X", "utf8"], ["-X", "no_debug_ranges"]],
    ids=" ".join,
)  # fmt: skip
def test_ways_to_start(python, flags, start_mode):
    program = (
        "import gorandom\n"
        "assert len({gorandom.get_random_bytes(16) for _ in range(2000)}) == 2000\n"
        "gorandom.reseed(); gorandom.add_event(b'x'); gorandom.get_random_bytes(1 << 20)\n"
        "str(gorandom.status()); gorandom.install_as_crypto()\n"
        "import Crypto.Random\n"
        "Crypto.Random.atfork()\n"
    )
    python(program, flags=flags, start=start_mode)


def test_import_without_proc(python, start_mode):
    """Guards: limits are tried, not read; no descriptor or file is needed to start a core or to reset one. Before 2.34
    glibc's count of threads is not believed without /proc, and there is none."""
    done = python(
        WITHOUT_PROC
        + """
hide_proc()
import os
assert not os.path.exists("/proc/self")
import gorandom
drawn = [gorandom.get_random_bytes(16), gorandom.get_random_bytes(3 << 20)[:16]]
child = os.fork()
if not child:
    gorandom.get_random_bytes(3 << 20)
    os._exit(0 if gorandom.status().mode == os.environ["EXPECTED"] else 1)
assert os.waitpid(child, 0)[1] == 0
assert gorandom.status().mode == os.environ["EXPECTED"], gorandom.status()
""",
        start=start_mode,
        env={"EXPECTED": "direct" if start_mode == "never" or GLIBC < (2, 34) else "core"},
        ends=None,
        flags=["-W", "error"],
    )
    if done.returncode == 77:
        pytest.skip("needs CAP_SYS_ADMIN, to mount something over /proc in a namespace of its own")
    assert (done.returncode, done.stderr) == (0, "")


INTERPRETERS = """
import os, sys, threading
try:
    import _interpreters as interpreters
    create, run = interpreters.create, interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    create, run = lambda: interpreters.create(isolated=True), interpreters.run_string
OWN_GIL = sys.version_info >= (3, 12)

BODY = '''
import os, gorandom
import gorandom._core
w = %d
for n in (16, 16, 5000, 100_000):
    for _ in range(20):
        os.write(w, gorandom.get_random_bytes(n)[:16])
buffer = bytearray(16); gorandom.fill(buffer); os.write(w, buffer)
os.write(w, gorandom.urandom(16)); os.write(w, gorandom.new().read(16))
gorandom.add_event(b"event"); gorandom.reseed()

# Of the front alone: hashlib, under gorandom.hmac and secrets, crashes by itself where interpreters use it at once.
import uuid
from gorandom import _front, random
keys = [_front.Key(0, 32, 64, "hmac-sha256", None, b"%%d" %% i) for i in range(50)]
tags = [k.digest(b"message") for k in keys]
assert [k.digests([b"message"]) for k in keys] == [[t] for t in tags] and len(set(tags)) == 50
assert tags[7].hex().startswith("04a028fb")
made = [gorandom.uuid7() for _ in range(200)]
assert sorted(set(made)) == made and type(gorandom.uuid4()) is uuid.UUID
items = list(range(200)); random.shuffle(items)
assert sorted(items) == list(range(200)) != items and 0 <= random.randint(0, 1 << 70) <= 1 << 70
'''

if sys.argv[1] == "before":
    import gorandom
    gorandom.get_random_bytes(16)

failed = []
def work(w):
    try:
        for _ in range(2):
            i = create()
            problem = run(i, BODY % w)
            if problem is not None:
                failed.append(problem)
            interpreters.destroy(i)
    except BaseException as e:
        failed.append(e)
    finally:
        os.close(w)

got = [b""] * 4
def collect(k, r):
    while True:
        part = os.read(r, 65536)
        if not part: break
        got[k] += part
workers, readers = [], []
for k in range(4):
    r, w = os.pipe()
    readers.append(threading.Thread(target=collect, args=(k, r)))
    workers.append(threading.Thread(target=work, args=(w,)))
for t in readers: t.start()
for t in workers:
    t.start()
    if not OWN_GIL: t.join()
for t in workers + readers: t.join()
assert not failed, failed
tokens = [g[i:i + 16] for g in got for i in range(0, len(g), 16)]
assert len(tokens) == len(set(tokens)) == 4 * 2 * 83, (len(tokens), len(set(tokens)))
assert bytes(16) not in tokens
import gorandom
assert gorandom.get_random_bytes(16) not in tokens
print(gorandom.status().mode)
"""


@pytest.mark.parametrize("main", ["before", "not before"])
def test_subinterpreters(python, start_mode, main):
    """Each with a GIL of its own (3.12), in threads at once, ended and made again: pools and core are the process's.

    Guards: multi-phase initialisation with per-interpreter GIL declared (slots.h); gate_api in a static that is
    the same for all. Without the slot the import is refused."""
    mode = python(INTERPRETERS, main, start=start_mode, flags=["-W", "ignore"]).strip()
    assert mode == ("direct" if start_mode == "never" else "core")


END = """
import sys, threading, gorandom
ready = threading.Barrier(7)
def draws(n):
    buffer = bytearray(n)
    gorandom.get_random_bytes(n)
    ready.wait(60)
    while True:
        gorandom.get_random_bytes(n)
        gorandom.fill(buffer)
for n in (16, 16, 5000, 9000, 1 << 20, 1 << 22):
    threading.Thread(target=draws, args=(n,), daemon=True).start()
ready.wait(60)
"""


def test_end_while_daemon_threads_draw(python, start_mode):
    """Guards: threads that come back from the core while the interpreter ends are ended by CPython inside our
    frames; their pools' destructors must not touch what is gone. Seen as a hang or a death by signal."""
    for _ in range(8):
        python(END, start=start_mode)


AT_EXIT = """
import atexit, threading, weakref, gorandom
class Late:
    def __del__(self, draw=gorandom.get_random_bytes):
        assert len(draw(5000)) == 5000
late = Late()
kept = gorandom.new()
atexit.register(lambda: print(len({gorandom.get_random_bytes(16), gorandom.get_random_bytes(1 << 20)[:16]})))
t = threading.Thread(target=lambda: (threading.main_thread().join(), gorandom.get_random_bytes(1 << 20)))
t.start()
"""


def test_draws_at_the_interpreters_end(python, start_mode):
    assert python(AT_EXIT, start=start_mode).strip() == "2"


def test_imported_again(python, start_mode):
    """A program that reloads its modules, or tests that throw them out of sys.modules."""
    python(
        """
import importlib, sys
import gorandom
first = gorandom.get_random_bytes(16)
importlib.reload(gorandom)
assert gorandom.get_random_bytes(16) != first
for name in [n for n in sys.modules if n.startswith("gorandom")]:
    del sys.modules[name]
import gorandom
assert len({first, gorandom.get_random_bytes(16), gorandom.get_random_bytes(9000)[:16]}) == 3
str(gorandom.status())
""",
        start=start_mode,
    )


def test_imported_in_threads_at_once(python, start_mode):
    python(
        """
import threading
together, drawn, failed = threading.Barrier(8), [], []
def work():
    try:
        together.wait(60)
        import gorandom
        drawn.append(gorandom.get_random_bytes(16))
    except BaseException as e:
        failed.append(e)
threads = [threading.Thread(target=work) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
assert not failed and len(set(drawn)) == 8
""",
        start=start_mode,
    )


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]], ids=str)
def test_closed_standard_descriptors(python, start_mode, closed):
    """Nothing of ours may land on a standard descriptor's number, and nothing is written there."""
    python(
        f"""
import os
for fd in {closed}: os.close(fd)
import gorandom
gorandom.get_random_bytes(16); gorandom.get_random_bytes(1 << 20); gorandom.reseed(); gorandom.status()
for fd in {closed}:
    try: os.fstat(fd)
    except OSError: pass
    else: os._exit(3)
os._exit(0)
""",
        start=start_mode,
    )
