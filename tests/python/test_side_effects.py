"""What imports and draws must not change: threads, descriptors, the folder, environment, locale, floating point, the filters
of warnings (test_signals.py has signals). Also unusual ways to start and end."""

import pathlib
import sys

import pytest
from _forks import GLIBC, NOISE, PROGRAMS


def test_nothing_changes(python, start_mode):
    """Guards: none of the three libraries uses -Ofast (it sets flush-to-zero for the whole process). There is no chdir at
    import as in gopy's own loader, no epoll descriptor of Go's, and no filter of warnings at import."""
    python(PROGRAMS / "side_effects_unchanged.py", start=start_mode)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_locale_and_terminal_settings(python, locale):
    python(PROGRAMS / "side_effects_unchanged.py",
           env={"LC_ALL": locale, "GODEBUG": "gctrace=1,schedtrace=10", "GOTRACEBACK": "crash", "GOGC": "1",
                "GOMAXPROCS": "1", "GOPY_HANDLE_TRACE": "1", "LANG": locale})  # fmt: skip


@pytest.mark.native("extension module")
@pytest.mark.skipif(not pathlib.Path("/proc/self/maps").exists(), reason="NOT TESTED: there is no /proc/self/maps")
def test_modules_of_their_own(python):
    """A process that uses neither numpy nor OpenSSL has no code for them."""
    python(PROGRAMS / "side_effects_modules.py")


@pytest.mark.native("core")
def test_no_thread_before_the_first_draw(python):
    """In direct mode there is none at all."""
    first, second, third = map(int, python(PROGRAMS / "side_effects_threads.py", start="auto").split())
    assert (first, second) == (1, 1) and third > 1
    assert python(PROGRAMS / "side_effects_threads.py", start="never").split() == ["1", "1", "1"]


IMPORTED = """
import pathlib
import sys
before = set(sys.modules)
import gorandom
after = set(sys.modules)
gorandom.get_random_bytes(16); gorandom.urandom(5000); gorandom.new().read(3); gorandom.reseed(); gorandom.add_event(b"x")
print(*sorted(after - before))
print(*sorted(set(sys.modules) - after))
"""


@pytest.mark.native("core")
def test_modules_that_it_imports(python):
    """Each of these costs import time; dataclasses, typing, re and hashlib cost milliseconds."""
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


@pytest.mark.native("core")
def test_import_without_proc(python, start_mode):
    """Guards: limits are tried, not read, and starting or resetting a core needs no descriptor or file. Without /proc, glibc's
    count of threads before 2.34 is not trusted, and there is no core."""
    expected = "direct" if start_mode == "never" or GLIBC < (2, 34) else "core"
    env = {"PYTHONPATH": str(NOISE), "EXPECTED": expected}
    done = python(PROGRAMS / "side_effects_without_proc.py", start=start_mode, env=env, ends=None, flags=["-W", "error"])
    if done.returncode == 77:
        pytest.skip("needs CAP_SYS_ADMIN, to mount something over /proc in a namespace of its own")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.native("core")
@pytest.mark.parametrize("main", ["before", "not before"])
def test_subinterpreters(python, start_mode, main):
    """Each has its own GIL (3.12). They run in threads at once, end and are made again; pools and core are the process's.

    Guards: multi-phase initialisation with per-interpreter GIL declared (python/interpreter.h), and struct base in a static
    that is the same for all. Without the slot the import is refused."""
    mode = python(PROGRAMS / "side_effects_interpreters.py", main, start=start_mode, flags=["-W", "ignore"]).strip()
    assert mode == ("direct" if start_mode == "never" else "core")


def test_end_while_daemon_threads_draw(python, start_mode):
    """Guards: CPython ends threads inside our frames if they come back from the core while the interpreter ends. Their pools'
    destructors must not touch what is gone. Otherwise there is a hang or a death by signal."""
    for _ in range(8):
        python(PROGRAMS / "side_effects_daemon_threads.py", start=start_mode)


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
    """A program reloads its modules, or tests remove them from sys.modules."""
    python(PROGRAMS / "side_effects_imported_again.py", start=start_mode)


@pytest.mark.native("core")
def test_the_glue_is_loaded_with_the_package(python, start_mode):
    """Not at its first use, which may be in a forked child: there a thread that is gone may hold the loader's lock."""
    program = "import sys, gorandom; print(gorandom.status().core_version is None, 'gorandom._core' in sys.modules)"
    assert python(program, start=start_mode).split() in (["False", "True"], ["True", "False"])


def test_imported_in_threads_at_once(python, start_mode):
    python(PROGRAMS / "side_effects_imported_at_once.py", start=start_mode)


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]], ids=str)
def test_closed_standard_descriptors(python, start_mode, closed):
    """Nothing of ours may get a standard descriptor's number, and nothing is written there."""
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
