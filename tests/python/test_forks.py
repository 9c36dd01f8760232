"""Forks by os.fork(): no hang, no death, no repeat, whatever other threads do meanwhile.

Each test says what breaks without the code that it guards. The counts are CI's: 5,000 forks with test_clone.py.
GORANDOM_STRESS multiplies them.
"""

import subprocess

import pytest
from _forks import PROGRAMS, STARTS, STRESS, assert_sound, control, execute, linux, run, starts, tls_library

pytestmark = linux

FORKS = PROGRAMS / "forks.py"


def assert_cores(result, start, forks):
    """Check that children got cores exactly where the mode says so: a quarter of them draws a megabyte."""
    assert result["mode"] == ("direct" if start == "never" else "core"), result["reason"]
    assert result["cores"] == {"auto": forks // 4, "eager": forks, "never": 0}[start]


@pytest.mark.native("core, whose mode is looked at")
@starts
def test_quiet(start):
    """Guards the reset: a child that entered the parent's runtime would hang. Also guards the wiped pools and the fork
    handler's new epoch: without both a child repeats its parent's pool."""
    forks = 280 * STRESS
    result = run(FORKS, start, forks, "", 0, timeout=60 * STRESS)
    assert_sound(result, forks)
    assert_cores(result, start, forks)


@pytest.mark.native("core, whose mode is looked at")
@starts
def test_busy_threads(start):
    """Guards the places of the gate, which are made anew in a child. The parent's drawing threads hold them, so without that
    children wait in vain and never get a core's bytes. Also guards the record's lock, which is held across the fork."""
    forks = 240 * STRESS
    result = run(FORKS, start, forks, "", 3, timeout=60 * STRESS)
    assert_sound(result, forks)
    assert_cores(result, start, forks)


# test_eager_under_loader_noise covers eager with dlopen.
@pytest.mark.native("core, whose mode is looked at")
@pytest.mark.parametrize(
    "noise, start",
    [(noise, start) for noise in ("dlopen", "dl_iterate_phdr", "pthread_create") for start in STARTS
     if (noise, start) != ("dlopen", "eager")]
)  # fmt: skip
def test_noise(start, noise):
    """Guards that a child calls nothing of the loader, whose lock may be held by a thread that the child does not have (dlopen
    there hung in 16 of 137)."""
    forks = 120 * STRESS
    result = run(FORKS, start, forks, noise, 0, timeout=60 * STRESS, helped=True)
    assert_sound(result, forks)
    assert_cores(result, start, forks)


def test_eager_under_loader_noise():
    """If a child makes threads after a fork while TLS libraries are being loaded, glibc's own assertion may end it. That must
    not happen oftener than to a C program that does the same, and nothing else may happen."""
    forks = 160 * STRESS
    ended = execute(FORKS, "eager", forks, "dlopen", 0, timeout=60 * STRESS, helped=True)
    result = ended.result()
    plain = subprocess.run([control(), tls_library(), str(forks)], capture_output=True, text=True, timeout=60 * STRESS)
    died_in_c = int(plain.stdout)
    died = forks - result["ends"].get("0", 0)
    assert not result["hangs"], result["hangs"]
    assert result["repeats"] == result["zeros"] == 0
    # The loader ends a process by _exit(127) or, from within pthread_create, by abort().
    assert set(result["ends"]) <= {"0", "-6", "127"}, ended.err[-4000:]
    assert ended.err.count("dl-tls.c") >= died, f"a child aborted for another reason\n{ended.err[-4000:]}"
    # Both are rare (3 in 34,000), so two deaths more than the control's mean nothing.
    assert died <= died_in_c + 2, f"{died} of {forks} children died, {died_in_c} of the C program's"


@pytest.mark.native("core, whose mode is looked at")
@starts
@pytest.mark.parametrize("returns", [False, True], ids=["exits", "returns"])
def test_from_another_thread(start, returns):
    """The forking thread is not the main one. If its function then returns in the child, that thread is the child's last, so
    its end is the child's end, with status 0.

    Guards that the child clears the Go key: with it set the thread's end spins in the dead runtime. Also guards that the
    core's threads are not counted: otherwise the child lives for ever."""
    forks = 120 * STRESS
    result = run(PROGRAMS / "forks_another_thread.py", start, forks, returns, timeout=60 * STRESS)
    assert_sound(result, forks)
    assert_cores(result, start, forks)


@pytest.mark.native("core, whose mode is looked at")
@starts
def test_nested(start):
    """300 generations, each the child of the one before. Guards that a reset leaves nothing behind (mappings, pthread keys).
    Leftovers would add up until a start finds no room, or no key."""
    depth = 300
    result = run(PROGRAMS / "forks_nested.py", start, depth, timeout=60)
    assert_sound(result, depth)
    assert result["reports"] == 2 * depth - 1  # each generation but the last draws again after its fork
    assert result["cores"] == {"auto": 2 * (depth // 10) - 1, "eager": 2 * depth - 1, "never": 0}[start]


@starts
def test_in_fork_callbacks(start):
    """Python's own callbacks run around the C library's fork handlers, so draws in them meet a process just before or after a
    fork. Guards that the handlers leave nothing half-done when they return."""
    forks = 80 * STRESS
    result = run(PROGRAMS / "forks_callbacks.py", start, forks, timeout=60 * STRESS)
    assert_sound(result, forks)


@pytest.mark.native("draw that works in a fork handler of C")
@pytest.mark.once
@starts
def test_in_fork_handlers_of_others(start):
    """Handlers of pthread_atfork draw, little and much, or fork themselves. They are registered before ours, so they run
    between our prepare handler and our child's, or after; in the main thread and in new ones, with a core and without. Guards
    that between our handlers nothing is held that a draw or another fork waits for: a fork there hung."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    result = run(f"import atfork\natfork.try_all({STRESS > 1})\n", start, timeout=150, helped=True)
    print(start, result)
    assert not result["wrong"], "\n".join(result["wrong"])
    assert result["cases"] == (64 if STRESS > 1 else 32) and result["tokens"] >= 10 * result["cases"]
    assert result["repeats"] == 0


@pytest.mark.native("draw that works in a fork handler of C")
@starts
def test_threads_that_fork_handlers_of_others_make(start):
    """A handler that runs before ours makes a thread in the child, and that thread draws at once. Guards that our handler
    leaves it its pool. The handler used to give the pool to the next thread, and the two drew the same bytes and zeros."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    wrong = run(PROGRAMS / "forks_early_thread.py", start, 15 * STRESS, timeout=60 * STRESS, helped=True)
    assert set(wrong) == {0}, f"tokens that came twice or are zeros, in each child: {wrong}"


@pytest.mark.native("core, whose mode is looked at")
@starts
def test_during_the_first_draw_of_another_thread(start):
    """One thread starts the core while another one forks. Guards the start lock, which the fork handler takes: without it a
    child finds a half-started runtime, and hangs or dies when it resets it."""
    attempts = 40 * STRESS
    result = run(PROGRAMS / "forks_during_start.py", start, attempts, timeout=60 * STRESS)
    assert_sound(result, attempts)
    assert result["reports"] == 2 * attempts
    # A thread that finds the start lock held by the fork's handler does not wait: it draws from the kernel.
    assert result["cores"] in {"auto": range(attempts, 2 * attempts + 1), "eager": [2 * attempts], "never": [0]}[start]


@starts
def test_fresh_first_draw_while_forking(start):
    """The same in the process that imported us, where the start is the very first."""
    result = run(PROGRAMS / "forks_during_first_start.py", start)
    assert_sound(result, 12)


def test_while_another_thread_imports():
    """status() imports a module at its first call. Guards the lock that is held over that import and over a fork. Without it a
    child forked in the middle waits for the import lock of a thread that it does not have."""
    result = run(PROGRAMS / "forks_during_import.py")
    assert_sound(result, 1)


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_objects_that_another_thread_was_using(start):
    """Fortuna driven by hand: at the fork another thread, which the child doesn't have, is in the middle of a long call. In
    the child the object works, or says what happened. A copy of the parent's "in use" would last for ever, and its message
    would be wrong. Idle objects work."""
    result = run(PROGRAMS / "forks_objects_in_use.py", start, 3 * STRESS, timeout=60 * STRESS)
    assert set(result["ends"]) == {0} and len(result["ends"]) == 6 * STRESS
    assert result["middle"] > 0, "the test's calls are too short"
    assert set(result["idle"]) == {"works"} and len(result["idle"]) == 21 * STRESS
    wrong = {use for use in result["used"] if use != "works" and not (use.startswith("RuntimeError: ") and "fork" in use)}
    assert not wrong and len(result["used"]) == 21 * STRESS


@starts
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(start, method):
    """PyCrypto's atfork() was made for such programs, which pass it as initializer. Guards the wiped pools under fork. Under
    the other methods, guards that atfork pickles and that workers can import us normally."""
    flags = ["-W", "ignore::DeprecationWarning"]
    result = run(PROGRAMS / "forks_multiprocessing.py", start, method, timeout=90, python=flags)
    assert result["tokens"] == result["distinct"] == 3 * (2 + 48 + 24 + 100 + 1)
