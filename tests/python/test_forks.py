"""Forks by os.fork(): no hang, no death, no repeat, whatever other threads do meanwhile.

What breaks without the cures is said with each test. The counts are CI's, 5,000 forks with test_clone.py;
GORANDOM_STRESS multiplies them.
"""

import subprocess

import pytest
from _forks import STARTS, STRESS, assert_sound, control, execute, linux, run, starts, tls_library

pytestmark = linux

FORKS = """
import sys, threading
import child, gorandom

forks, noise, drawers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tally = child.Tally()
tally.add(*child.draws(large=True))
if noise:
    child.noise(noise)
busy = child.Drawers(tally, drawers)
tally.rounds(forks)
busy.stop()
tally.report()
"""


def assert_cores(result, start, forks):
    """Children got cores exactly where the mode says so: a quarter of them draws a megabyte."""
    assert result["mode"] == ("direct" if start == "never" else "core"), result["reason"]
    assert result["cores"] == {"auto": forks // 4, "eager": forks, "never": 0}[start]


@starts
def test_quiet(start):
    """Guards the reset (a child that entered the parent's runtime would hang) and the wiped pools, beside which
    the fork handler's new epoch stands: a child repeats the parent's pool without both."""
    forks = 280 * STRESS
    result = run(FORKS, start, forks, "", 0, timeout=60 * STRESS)
    assert_sound(result, forks)
    assert_cores(result, start, forks)


@starts
def test_busy_threads(start):
    """Guards the places of the gate, which are made anew in a child (the parent's drawing threads hold
    them: without it children wait in vain and never get a core's bytes), and the record's lock, held across
    fork."""
    forks = 240 * STRESS
    result = run(FORKS, start, forks, "", 3, timeout=60 * STRESS)
    assert_sound(result, forks)
    assert_cores(result, start, forks)


# Eager beside dlopen is a test of its own: test_eager_under_loader_noise.
@pytest.mark.parametrize(
    "noise, start",
    [(noise, start) for noise in ("dlopen", "dl_iterate_phdr", "pthread_create") for start in STARTS
     if (noise, start) != ("dlopen", "eager")]
)  # fmt: skip
def test_noise(start, noise):
    """Guards that a child calls nothing of the loader: its lock may be held by a thread that the child does
    not have (dlopen there hung in 16 of 137)."""
    forks = 120 * STRESS
    result = run(FORKS, start, forks, noise, 0, timeout=60 * STRESS, helped=True)
    assert_sound(result, forks)
    assert_cores(result, start, forks)


def test_eager_under_loader_noise():
    """glibc's own assertion may end a child that makes threads after a fork from under a loading of TLS
    libraries. It must not happen oftener than to a C program that does the same; nothing else may happen."""
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
    # Both are rare (3 in 34,000): two deaths more than the control's say nothing about the rate.
    assert died <= died_in_c + 2, f"{died} of {forks} children died, {died_in_c} of the C program's"


@starts
@pytest.mark.parametrize("returns", [False, True], ids=["exits", "returns"])
def test_from_another_thread(start, returns):
    """The forking thread is not the main one. Where its function then returns in the child, that thread is
    the child's last and its end is the child's end, with status 0.

    Guards the Go key, cleared in the child (with it set the thread's end spins in the dead runtime), and
    that the core's threads are not counted (with them in the count the child lives for ever)."""
    forks = 120 * STRESS
    result = run(
        """
        import os, sys, threading, _thread
        import child

        forks, returns = int(sys.argv[1]), sys.argv[2] == "True"
        tally = child.Tally()

        def one(i, done, pids):
            tally.add(*child.draws(large=i == 0))
            pid = os.fork()
            if pid == 0:
                try:
                    tally.send(*child.draws(i % 4 == 3))
                except BaseException:
                    os._exit(70)
                if returns:
                    return
                os._exit(0)
            pids.append(pid)
            done.release()

        for i in range(forks):
            done, pids = threading.Lock(), []
            done.acquire()
            if i % 2:
                _thread.start_new_thread(one, (i, done, pids))
            else:
                threading.Thread(target=one, args=(i, done, pids), daemon=True).start()
            done.acquire()
            tally.reap(*pids)
        tally.report()
        """,
        start, forks, returns, timeout=60 * STRESS,
    )
    assert_sound(result, forks)
    assert_cores(result, start, forks)


@starts
def test_nested(start):
    """300 generations, each the child of the one before. Guards that a reset leaves nothing behind (mappings,
    pthread keys): those would add up until there is no room, or no key, for a start."""
    depth = 300
    result = run(
        """
        import os, sys
        import child, gorandom

        depth, i = int(sys.argv[1]), 0
        tally = child.Tally()
        tally.add(*child.draws(large=True))
        child.adopt_orphans()
        pid = os.fork()
        while pid == 0:
            i += 1
            try:
                tally.send(*child.draws(large=i % 10 == 0))
                assert gorandom.status().generation == i
                pid = os.fork() if i < depth else None
                if pid:
                    tally.send(*child.draws())
            except BaseException:
                child.traceback.print_exc()
                os._exit(70)
            if pid != 0:
                os._exit(0)
        tally.reap_all()
        tally.report()
        """,
        start, depth, timeout=60,
    )
    assert_sound(result, depth)
    assert result["reports"] == 2 * depth - 1  # each generation but the last draws again after its fork
    assert result["cores"] == {"auto": 2 * (depth // 10) - 1, "eager": 2 * depth - 1, "never": 0}[start]


@starts
def test_in_fork_callbacks(start):
    """Python's own callbacks run around the C library's fork handlers: draws there meet a process that is
    about to be forked, or has just been. Guards that the handlers leave nothing half done when they return."""
    forks = 80 * STRESS
    result = run(
        """
        import os, sys
        import child, gorandom

        tokens = []
        def draw(large):
            tokens.append(gorandom.get_random_bytes(16))
            if large:
                buffer = bytearray(300_000)
                gorandom.fill(buffer)
                tokens.append(bytes(buffer[-16:]))
            gorandom.status()

        turn = 0
        os.register_at_fork(before=lambda: draw(turn % 8 == 5), after_in_parent=lambda: draw(turn % 8 == 6),
                            after_in_child=lambda: draw(turn % 2))
        tally = child.Tally()
        for turn in range(int(sys.argv[1])):
            before = 1 + (turn % 8 == 5)  # tokens that child and parent both have rightly
            pid = os.fork()
            if pid == 0:
                child.end(lambda: tally.send(*tokens[before:], *child.draws()))
            tally.reap(pid)
            tally.add(*tokens)
            tokens.clear()
        tally.report()
        """,
        start, forks, timeout=60 * STRESS,
    )
    assert_sound(result, forks)


@pytest.mark.once
@starts
def test_in_fork_handlers_of_others(start):
    """Handlers of pthread_atfork that draw, little and much, or fork themselves; registered before ours, so that they run
    between our prepare handler and our child's, or after; in the main thread and in new ones, with a core and without.
    Guards that nothing which a draw or another fork waits for is held between our handlers: a fork there hung."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    result = run(f"import atfork\natfork.try_all({STRESS > 1})\n", start, timeout=150, helped=True)
    print(start, result)
    assert not result["wrong"], "\n".join(result["wrong"])
    assert result["cases"] == (64 if STRESS > 1 else 32) and result["tokens"] >= 10 * result["cases"]
    assert result["repeats"] == 0


@starts
def test_threads_that_fork_handlers_of_others_make(start):
    """A handler that comes before ours makes a thread in the child, which draws at once and goes on. Guards that our handler
    leaves that thread its pool: it used to give it to the next thread, and the two drew the same bytes and zeros."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    wrong = run(
        """
        import ctypes, os, sys
        library = ctypes.PyDLL(os.environ["GORANDOM_TEST_HELPER"])
        assert library.callbacks_early_thread() == 0
        import child, gorandom
        gorandom.get_random_bytes(16)
        callback = child.bytes_callback()
        print([library.callbacks_early(callback) for _ in range(int(sys.argv[1]))])
        """,
        start, 15 * STRESS, timeout=60 * STRESS, helped=True,
    )  # fmt: skip
    assert set(wrong) == {0}, f"tokens that came twice or are zeros, in each child: {wrong}"


@starts
def test_during_the_first_draw_of_another_thread(start):
    """The core is being started by one thread while another one forks. Guards the start lock, which the fork
    handler takes: without it a child finds a runtime half started, and hangs or dies when it resets it."""
    attempts = 40 * STRESS
    result = run(
        """
        import os, sys, threading
        import child, gorandom

        attempts, tally = int(sys.argv[1]), child.Tally()

        def attempt(i):
            # A child of a process that never drew: its thread's large draw is the one that starts the core.
            go, drawn = threading.Barrier(2), []
            def draw():
                buffer = bytearray(300_000)
                go.wait()
                gorandom.fill(buffer)
                drawn.append(bytes(buffer[-16:]))
            thread = threading.Thread(target=draw)
            thread.start()
            go.wait()
            for _ in range(i % 7 * 300):
                pass
            grandchild = tally.child(os.fork, lambda: child.draws(large=True))
            _, status = os.waitpid(grandchild, 0)
            if status:
                os._exit(72)
            thread.join()
            return drawn + child.draws()

        sys.setswitchinterval(1e-5)
        for i in range(attempts):
            tally.reap(tally.child(os.fork, lambda: attempt(i)))
        tally.report()
        """,
        start, attempts, timeout=60 * STRESS,
    )
    assert_sound(result, attempts)
    assert result["reports"] == 2 * attempts
    # A thread that meets the fork's handler at the start lock does not wait: that draw is the kernel's.
    assert result["cores"] in {"auto": range(attempts, 2 * attempts + 1), "eager": [2 * attempts], "never": [0]}[start]


@starts
def test_fresh_first_draw_while_forking(start):
    """The same in the process that imported us, where the start is the first of all."""
    result = run(
        """
        import os, sys, threading
        import child, gorandom

        tally, tokens, pids = child.Tally(), [], []
        sys.setswitchinterval(1e-5)
        thread = threading.Thread(target=lambda: tokens.extend(child.draws(large=True)))
        thread.start()
        for i in range(12):
            pids.append(tally.child(os.fork, lambda: child.draws(large=i % 2)))
        thread.join()
        tally.add(*tokens)
        tally.reap(*pids)
        tally.report()
        """,
        start,
    )
    assert_sound(result, 12)


def test_while_another_thread_imports():
    """status() imports a module at its first call. Guards the lock that is held over that and over a fork:
    without it the child of a fork in the middle waits for the import lock of a thread that it does not have."""
    result = run(
        """
        import importlib.abc, os, sys, threading
        import child, gorandom

        importing, forked = threading.Event(), threading.Event()

        class Slow(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path, target=None):
                if name == "gorandom._status" and not importing.is_set():
                    importing.set()
                    forked.wait(1)  # with the cure the fork waits for us

        sys.meta_path.insert(0, Slow())
        thread = threading.Thread(target=gorandom.status)
        thread.start()
        importing.wait()
        tally = child.Tally()
        pid = tally.child(os.fork, lambda: [gorandom.get_random_bytes(16), str(gorandom.status()).encode()[:0] or gorandom.urandom(16)])
        forked.set()
        thread.join()
        tally.reap(pid)
        tally.report()
        """
    )
    assert_sound(result, 1)


@pytest.mark.parametrize("start", ["auto", "eager"])
def test_objects_that_another_thread_was_using(start):
    """Fortuna driven by hand: another thread is in the middle of a long call at the fork, and does not exist in the child.
    There the object works, or says what happened; a copy of the parent's "in use" would be for ever, and its message wrong.
    Objects that were idle work."""
    result = run(
        """
        import json, os, sys, threading
        import child
        from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256

        LONG = bytes(256 << 20)  # a tenth of a second, and more

        def generator():
            made = FortunaGenerator.AESGenerator()
            made.reseed(b"seed")
            return made

        # How each object is made, what takes long, and what a child does with it.
        KINDS = {
            "generator": (generator, lambda g: g.reseed(LONG),
                          [lambda g: g.pseudo_random_data(16), lambda g: g.pseudo_random_data(1 << 20),
                           lambda g: g.counter.next_value(), lambda g: g.reseed(b"again")]),
            "hash": (SHAd256.new, lambda h: h.update(LONG),
                     [lambda h: h.copy().digest(), lambda h: h.digest(), lambda h: h.update(b"more")]),
        }

        def tried(object, uses):
            found = []
            for use in uses:
                try:
                    use(object)
                    found.append("works")
                except Exception as e:
                    found.append(f"{type(e).__name__}: {e}")
            return found

        used, idle, middle, ends = [], [], 0, []
        for make, work, uses in KINDS.values():
            quiet = make()
            for turn in range(int(sys.argv[1])):
                object = make()
                thread = threading.Thread(target=work, args=(object,))
                thread.start()
                while not child.in_the_core(thread.native_id):
                    pass
                read, write = os.pipe()
                pid = os.fork()
                if pid == 0:
                    os.write(write, json.dumps([tried(object, uses), tried(quiet, uses)]).encode())
                    os._exit(0)
                middle += child.in_the_core(thread.native_id)  # still, so it was at the fork
                os.close(write)
                ends.append(os.waitpid(pid, 0)[1])
                mine, other = json.loads(os.read(read, 1 << 16) or b"[[], []]")
                os.close(read)
                used += mine
                idle += other
                thread.join()
        print(json.dumps({"used": used, "idle": idle, "middle": middle, "ends": ends}))
        """,
        start, 3 * STRESS, timeout=60 * STRESS,
    )
    assert set(result["ends"]) == {0} and len(result["ends"]) == 6 * STRESS
    assert result["middle"] > 0, "the test's calls are too short"
    assert set(result["idle"]) == {"works"} and len(result["idle"]) == 21 * STRESS
    wrong = {use for use in result["used"] if use != "works" and not (use.startswith("RuntimeError: ") and "fork" in use)}
    assert not wrong and len(result["used"]) == 21 * STRESS


POOLS = """
import concurrent.futures, multiprocessing, os, sys
import gorandom

def work(i):
    buffer = bytearray(300_000 if i % 8 == 0 else 32)
    gorandom.fill(buffer)
    return [gorandom.get_random_bytes(16).hex(), bytes(buffer[-16:]).hex(), gorandom.new().read(16).hex()]

if __name__ == "__main__":
    import json
    method = sys.argv[1]
    tokens = work(0) + work(1)
    context = multiprocessing.get_context(method)
    with context.Pool(3, initializer=gorandom.atfork) as pool:
        for some in pool.map(work, range(48), chunksize=1):
            tokens += some
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context, initializer=gorandom.atfork) as pool:
        for some in pool.map(work, range(24)):
            tokens += some
    processes = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for some in pool.map(work, range(100)):
            tokens += some
    tokens += work(2)
    print(json.dumps({"tokens": len(tokens), "distinct": len(set(tokens))}))
"""


@starts
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(start, method):
    """The programs that PyCrypto's atfork() was made for, with it as initializer. Guards the wiped pools under
    fork; under the others that atfork pickles and that workers import us as anybody does."""
    result = run(POOLS, start, method, timeout=90, python=["-W", "ignore::DeprecationWarning"])
    assert result["tokens"] == result["distinct"] == 3 * (2 + 48 + 24 + 100 + 1)
