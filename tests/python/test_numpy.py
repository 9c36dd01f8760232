"""gorandom.BitGenerator: numpy's distributions over this stream, through forks, threads and limits."""

import copy
import ctypes
import importlib.util
import itertools
import os
import pickle
import resource
import subprocess
import sys
import sysconfig
import threading

import pytest
from _forks import PROGRAMS, STRESS, assert_sound, compile_c, execute, folder, linux, run, scripted, starts

import gorandom
from gorandom import random, secrets

sys.path.append(os.path.join(os.path.dirname(__file__), "noise"))
import confine  # noqa: E402

np = pytest.importorskip("numpy", reason="NOT TESTED: gorandom.BitGenerator needs numpy, and there is none for this Python")
from numpy.random.bit_generator import SeedlessSeedSequence  # noqa: E402

pytestmark = pytest.mark.native("bit generator for numpy")

NO_STATE = r"has no state to copy, pickle, save or set.*[Mm]ake a new gorandom\.BitGenerator\(\) in each worker"
seccomp = pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")


@pytest.fixture
def rng():
    return np.random.Generator(gorandom.BitGenerator())


def test_import_does_not_import_numpy(python):
    """A star import doesn't need it either."""
    python("import sys, gorandom; from gorandom import *; assert 'numpy' not in sys.modules")


def test_distributions(rng):
    """numpy reaches each of the functions, and the numbers are in the right ranges."""
    assert ((0 <= rng.integers(0, 7, 10_000)) & (rng.integers(0, 7, 10_000) < 7)).all()
    assert set(rng.integers(0, 7, 10_000).tolist()) == set(range(7))
    normals = rng.standard_normal(100_000)
    assert abs(normals.mean()) < 0.05 and abs(normals.std() - 1) < 0.05  # 15 and 20 standard errors
    assert sorted(rng.permutation(1000).tolist()) == list(range(1000))
    shuffled = list(range(1000))
    rng.shuffle(shuffled)
    assert sorted(shuffled) == list(range(1000)) != shuffled
    assert len(set(rng.choice(1000, 500, replace=False).tolist())) == 500
    assert len(rng.bytes(12345)) == 12345
    assert rng.random(1000, dtype=np.float32).dtype == np.float32
    assert np.random.default_rng(rng.bit_generator).bit_generator is rng.bit_generator
    assert isinstance(rng.bit_generator, np.random.BitGenerator)


def test_doubles_have_53_bits(rng):
    """Multiples of 2**-53 below 1; each of the 53 bits occurs set and clear."""
    scaled = rng.random(100_000) * 2.0**53
    numbers = scaled.astype(np.uint64)
    assert (numbers == scaled).all() and numbers.max() < 2**53
    assert int(np.bitwise_or.reduce(numbers)) == 2**53 - 1 and int(np.bitwise_and.reduce(numbers)) == 0


@pytest.mark.parametrize("name, bits", [("next_uint64", 64), ("next_uint32", 32)])
def test_every_number_was_drawn(name, bits):
    """Across many refills of all sizes: no number is an unfilled zero, all bits occur, and none comes twice."""
    bit_generator = gorandom.BitGenerator()
    draw, state = getattr(bit_generator.ctypes, name), bit_generator.ctypes.state
    with bit_generator.lock:
        numbers = [draw(state) for _ in range(40_000)]
    pairs = set(zip(numbers[::2], numbers[1::2]))
    assert len(pairs) == 20_000
    assert numbers.count(0) <= 1  # of 32 bits: once in 100,000 runs
    for bit in range(bits):
        assert 18_000 < sum(n >> bit & 1 for n in numbers) < 22_000  # 20 standard deviations


def test_numbers_of_both_sizes_in_turn():
    """A 32-bit number in between leaves a rest of 4 bytes at the end. 64-bit numbers stay whole."""
    bit_generator = gorandom.BitGenerator()
    c = bit_generator.ctypes
    with bit_generator.lock:
        numbers = [f(c.state) for _ in range(30_000) for f in (c.next_uint64, c.next_uint32)]
    assert len(set(numbers[::2])) == 30_000
    assert sum(n < 2**32 for n in numbers[::2]) == 0 and sum(n % 2**32 == 0 for n in numbers[::2]) <= 1


def test_random_raw(rng):
    raw = rng.bit_generator.random_raw
    assert raw((3, 5)).shape == (3, 5) and raw(4).dtype == np.uint64
    assert isinstance(raw(), int) and raw() != raw()
    assert raw(5, output=False) is None
    assert len(set(raw(10_000).tolist())) == 10_000


def test_neither_copied_nor_pickled(rng):
    """A copy would seem to give the same numbers again, and there is no state to copy."""
    for subject in (rng.bit_generator, rng):
        for operation in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError, match=NO_STATE):
                operation(subject)
    with pytest.raises(TypeError, match=NO_STATE):
        copy.copy(rng.bit_generator)
    with pytest.raises(TypeError, match=NO_STATE):
        _ = rng.bit_generator.state
    with pytest.raises(TypeError, match=NO_STATE):
        rng.bit_generator.state = {}
    with pytest.raises(TypeError):
        pickle.dumps(rng.bit_generator.lock)


@pytest.mark.parametrize("make", [
    lambda: gorandom.BitGenerator(None),
    lambda: gorandom.BitGenerator(seed=None),
    lambda: gorandom.BitGenerator(SeedlessSeedSequence()),
    lambda: type(gorandom.BitGenerator())(gorandom.BitGenerator()._seed_seq.spawn(1)[0]),  # as SciPy spawns
], ids=["None", "by name", "seedless", "spawned"])  # fmt: skip
def test_no_seed_is_taken_as_none(make):
    """numpy's bit generators all accept these, and code that knows only a generator's type passes them."""
    one, other = (np.random.Generator(make()).integers(0, 2**63, 1000) for _ in range(2))
    assert len(np.unique(np.concatenate([one, other]))) == 2000


@pytest.mark.parametrize("seed", [
    0, 42, False, "42", b"", [], [1, 2], np.arange(4), np.random.SeedSequence(), np.random.SeedSequence(42),
    SeedlessSeedSequence, np.random.MT19937(),
], ids=lambda seed: type(seed).__name__)  # fmt: skip
def test_a_seed_is_refused(seed):
    """If the seed were ignored, a program would believe that its numbers can be repeated. A second __init__ refuses it too."""
    made = gorandom.BitGenerator()
    for call in (lambda: gorandom.BitGenerator(seed), lambda: gorandom.BitGenerator(seed=seed), lambda: made.__init__(seed)):
        with pytest.raises(ValueError, match="takes no seed: .* never come again.* one of numpy's"):
            call()
    assert np.random.Generator(made).random() != np.random.Generator(made).random()
    with pytest.raises(TypeError):
        gorandom.BitGenerator(None, None)


def test_in_the_place_of_numpys_own(python, start_mode):
    """np.random.set_bit_generator(): the old functions draw from gorandom. Code that seeds or saves them (Hypothesis,
    pytest-randomly) gets an error that says why that is impossible. Afterwards numpy's own generator is back."""
    python(PROGRAMS / "numpy_singleton.py", start=start_mode)


def test_scipy(rng):
    """Distributions work. Quasi-Monte Carlo engines need a copy of their generator, to start again."""
    if sys.version_info[:2] == (3, 11):
        from scipy import stats
    else:
        stats = pytest.importorskip("scipy.stats", reason="NOT TESTED: scipy is in tests/requirements.txt for CPython 3.11 alone")
    assert len(set(stats.norm.rvs(size=1000, random_state=rng).tolist())) == 1000
    for engine in (stats.qmc.Sobol, stats.qmc.Halton, stats.qmc.LatinHypercube):
        with pytest.raises(TypeError, match=NO_STATE):
            engine(2, rng=rng)
    # This is what the docstring of BitGenerator advises.
    made = stats.qmc.Sobol(2, rng=np.random.default_rng(secrets.randbits(256)))
    assert (made.random(4) == made.reset().random(4)).all()


@pytest.mark.parametrize("shuffle", [random.shuffle, random.StrongRandom().shuffle])
def test_shuffles_of_arrays(shuffle):
    """Rows of an array are views, so swapping two of them would lose one: that is refused. Numbers are accepted."""
    for shape in ((3, 2), (2, 2, 2), (1, 5), (0, 5)):
        array = np.arange(np.prod(shape)).reshape(shape)
        with pytest.raises(TypeError, match=r"rows are views: .*BitGenerator\(\)\)\.shuffle\(\)"):
            shuffle(array)
        assert (array == np.arange(np.prod(shape)).reshape(shape)).all()
    numbers = np.arange(1000)
    shuffle(numbers)
    assert sorted(numbers.tolist()) == list(range(1000)) != numbers.tolist()
    rows = np.arange(20).reshape(10, 2)
    np.random.Generator(gorandom.BitGenerator()).shuffle(rows)
    assert sorted(rows.tolist()) == np.arange(20).reshape(10, 2).tolist()


def test_a_subclass_that_forgets_to_begin():
    """The capsule has no functions then, so numpy must refuse the generator and not call them."""

    class Forgetful(gorandom.BitGenerator):
        def __init__(self):
            pass

    for made in (Forgetful(), gorandom.BitGenerator.__new__(gorandom.BitGenerator)):
        with pytest.raises(ValueError, match="must be instantiated"):
            np.random.Generator(made)


def test_the_singleton_changes_while_threads_draw():
    """While threads call numpy.random's functions, their bit generator is replaced by new ones. No number comes twice."""
    own, over, found = np.random.get_bit_generator(), [], []

    def draw():
        while not over:
            found.append(np.random.random())

    threads = [threading.Thread(target=draw) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(300):
            np.random.set_bit_generator(gorandom.BitGenerator())
    finally:
        over.append(True)
        for thread in threads:
            thread.join()
        np.random.set_bit_generator(own)
    assert len(set(found)) == len(found)


def test_spawn(rng):
    children = rng.bit_generator.spawn(3)
    assert len({id(c) for c in children} | {id(rng.bit_generator)}) == 4
    assert len({c.lock for c in children}) == 3
    drawn = [np.random.Generator(c).integers(0, 2**63, 1000) for c in [*children, rng.bit_generator]]
    assert len(set(np.concatenate(drawn).tolist())) == 4000
    with pytest.raises(ValueError, match="non-negative"):
        rng.bit_generator.spawn(-1)
    if hasattr(rng, "spawn"):  # numpy 1.25
        assert len(rng.spawn(2)) == 2


def test_begun_twice(rng):
    """Guards: what a Generator has copied stays valid when __init__ is called again."""
    rng.random(10)
    rng.bit_generator.__init__()
    assert len(set(rng.random(10_000).tolist())) == 10_000


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "one-each"])
def test_threads(shared):
    """Guards the lock: two threads inside at once would hand out the same bytes."""
    one = gorandom.BitGenerator()
    found = []

    def draw():
        rng = np.random.Generator(one if shared else gorandom.BitGenerator())
        found.extend(rng.integers(0, 2**63, 20_000) for _ in range(10))
        found.append(np.array([rng.integers(0, 2**63) for _ in range(5000)]))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = np.concatenate(found)
    assert len(np.unique(numbers)) == len(numbers) == 4 * 205_000
    assert not one.lock.locked()


def test_lock():
    """The owner may take it again, others wait, and only the owner releases it."""
    lock = gorandom.BitGenerator().lock
    entered = threading.Event()

    def other():
        with pytest.raises(RuntimeError, match="does not hold"):
            lock.release()
        with lock:
            entered.set()

    with lock:
        assert lock.acquire() is True
        thread = threading.Thread(target=other)
        thread.start()
        lock.release()
        assert lock.locked() and not entered.is_set()
    thread.join()
    assert entered.is_set() and not lock.locked()
    with pytest.raises(RuntimeError, match="does not hold"):
        lock.release()


@starts
def test_erased_and_in_order(python, start):
    """Ready numbers are given in order, and erased as they are given."""
    python(PROGRAMS / "numpy_in_order.py", start=start)


@starts
def test_reseed_makes_ready_numbers_stale(python, start):
    """They are stale before the next number, even for code that doesn't take the lock. Guards the comparison of token and
    epoch."""
    python(PROGRAMS / "numpy_reseed.py", start=start)


def test_another_second_makes_ready_numbers_stale(python):
    """Guards that the clock is read where the lock is taken. The test turns the clock instead of waiting."""
    python(PROGRAMS / "numpy_second.py")


@linux
@starts
@pytest.mark.parametrize("way", ["fork", "raw_clone", "nested"])
def test_forks(start, way):
    """Forks in the middle of a buffer: parent, child, siblings and grandchildren give different numbers. Guards the wiped
    memory: without MADV_WIPEONFORK (and the epoch, where no handler runs) each child repeats its parent."""
    result = run(PROGRAMS / "numpy_forks.py", start, way, 40, helped=True)
    assert_sound(result, 40)


def test_a_kept_normal(python, start_mode):
    """As BitGenerator's docstring says, a Generator keeps no number that a child would also give, and the legacy RandomState
    does. If numpy changes that, the docstring must change."""
    out = python(PROGRAMS / "numpy_kept_normal.py", start=start_mode, flags=["-W", "ignore::DeprecationWarning"])
    assert out.split() == ["False", "True"]


@linux
@starts
def test_fork_while_another_thread_draws(start):
    """Guards the lock in wiped memory: otherwise a lock that another thread held at the fork would stay held for ever."""
    result = run(PROGRAMS / "numpy_lock.py", start)
    assert_sound(result, 21)


@linux
@seccomp
@pytest.mark.parametrize("way", ["fork", "raw_clone"])
def test_forks_where_the_kernel_wipes_nothing(way):
    """Guards that the place of the next number is shared: otherwise a raw clone repeats its parent's numbers. Guards the fork
    hook, without which a child keeps them in its memory and waits for its parent's lock. Also guards that numbers are kept
    ready here at all."""
    result = run(PROGRAMS / "numpy_nothing_wiped.py", "auto", way, helped=True)
    assert_sound(result, 43 if way == "fork" else 42)


@linux
@seccomp
@pytest.mark.parametrize("memory", ["wiped", "not wiped"])
def test_many(memory):
    """Guards that buffers share mappings: a process may have 65,530, and with one for each generator it reached that limit. A
    generator needs a page; dropped ones are given back and used again."""
    n = 2000
    result = run(PROGRAMS / "numpy_many.py", "auto", n, memory)
    before, rounds = result["before"], result["rounds"]
    assert result["repeated"] == 0
    for now in rounds:
        assert now["full"]["maps"] - before["maps"] < 3 * n // 64 + 30
        assert now["full"]["rss"] - before["rss"] < 8 * n  # KiB; the Python objects are 2.5 of them
        assert now["empty"]["rss"] - before["rss"] < 4 * n
    first, last = rounds[0], rounds[-1]
    assert last["full"]["maps"] <= first["full"]["maps"] + 3 and last["full"]["size"] <= first["full"]["size"] + 2048
    if memory == "wiped":
        limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        can_lock = limit == resource.RLIM_INFINITY or limit >= 2 << 20
        assert {"wf", "dd", *["lo"] * can_lock} <= set(result["flags"])


def test_each_has_a_buffer_of_its_own():
    """Guards the marks of free buffers. A used buffer's data begin with a pointer to its end, 16 KiB further on."""
    made = [gorandom.BitGenerator() for _ in range(200)]
    ends = sorted(ctypes.c_uint64.from_address(one.ctypes.state.value).value for one in made)
    assert all(there - here >= 16 << 10 for here, there in itertools.pairwise(ends))


@linux
@starts
def test_made_and_dropped_by_threads(start):
    """Other threads fork meanwhile. Guards that no buffer has two users, in a child either."""
    forks = 24 * STRESS
    result = run(PROGRAMS / "numpy_made_by_threads.py", start, forks, timeout=90 * STRESS)
    assert_sound(result, forks)
    assert result["drawn"] > 0


@linux
@seccomp
def test_refused_with_a_core():
    """A live core goes on."""
    ended = execute(PROGRAMS / "numpy_refused.py", "auto", "ready", "with a core")
    assert (ended.status, ended.err) == (0, "")


@linux
@seccomp
def test_refused_without_a_core():
    """Taking the lock raises an exception, and the lock is free again afterwards."""
    ended = execute(PROGRAMS / "numpy_refused.py", "never", "unready", "without a core")
    assert (ended.status, ended.err) == (0, "")


@linux
@seccomp
def test_refused_with_few_ready_bytes():
    """The exception comes while there is still enough for a call. Guards LOW: a call that needs more than is ready ends the
    process."""
    assert run(PROGRAMS / "numpy_low.py", "never", env={"LD_PRELOAD": str(scripted())}) == ["a number", "OSError"]


def test_a_wait_for_the_lock_is_interrupted(python):
    """Ctrl-C does that. Guards the check for signals between two waits."""
    assert python(PROGRAMS / "numpy_waiter.py") == "interrupted\n"


@linux
@seccomp
@pytest.mark.parametrize("draw, ready", [("past the lock", "unready"), ("outruns", "ready")],
                         ids=["past-the-lock", "outruns"])  # fmt: skip
def test_refused_in_the_middle(draw, ready):
    """A call that has begun cannot fail, so the process ends and says why. Guards give_up(): anything else that it returned
    would be taken for random."""
    ended = execute(PROGRAMS / "numpy_refused.py", "never", ready, draw)
    assert ended.status == -6 and ended.out == ""
    assert ended.err.startswith("gorandom: the system's random number generator gives no bytes, and a numpy call")


def test_numba():
    """Numba's compiled code draws through the Generator itself and through the addresses."""
    if sys.version_info[:2] == (3, 11):
        import numba
    else:
        numba = pytest.importorskip("numba", reason="NOT TESTED: numba is in tests/requirements.txt for CPython 3.11 alone")
    bit_generator = gorandom.BitGenerator()
    next_uint64, state = bit_generator.ctypes.next_uint64, bit_generator.ctypes.state_address

    @numba.njit
    def raw(n):
        out = np.empty(n, np.uint64)
        for i in range(n):
            out[i] = next_uint64(state)
        return out

    @numba.njit
    def doubles(rng, n):
        return rng.random(n)

    with bit_generator.lock:
        assert len(set(raw(20_000).tolist())) == 20_000
    with bit_generator.lock:
        drawn = doubles(np.random.Generator(bit_generator), 20_000)
    assert len(set(drawn.tolist())) == 20_000 and 0 <= drawn.min() and drawn.max() < 1


def cython_module():
    """Return noise/bits.pyx, compiled."""
    if sys.version_info[:2] == (3, 11):
        import Cython  # noqa: F401
    else:
        pytest.importorskip("Cython", reason="NOT TESTED: Cython is in tests/requirements.txt for CPython 3.11 alone")
    include = sysconfig.get_paths()["include"]
    if not os.path.exists(os.path.join(include, "Python.h")):
        pytest.skip("NOT TESTED: a Cython module needs the headers of this Python")
    source = folder() / "bits.c"
    pyx = os.path.join(os.path.dirname(confine.__file__), "bits.pyx")
    subprocess.run([sys.executable, "-m", "cython", "-3", pyx, "-o", source], check=True)
    library = compile_c("bits.so", source, flags=("-shared", "-fPIC", "-w", f"-I{include}", f"-I{np.get_include()}"))
    spec = importlib.util.spec_from_file_location("bits", library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_cython():
    """numpy's own headers and declarations describe the capsule to this module. Guards the order of the functions in struct
    numpy_bitgen."""
    n = 20_000
    bits, bit_generator = cython_module(), gorandom.BitGenerator()
    drawn = []

    def draw():
        doubles, words = np.empty(n), np.empty(n, np.uint64)
        halves, raw = np.empty(n, np.uint32), np.empty(n, np.uint64)
        bits.fill(bit_generator, doubles, words, halves, raw)
        assert 0 <= doubles.min() and doubles.max() < 1 and abs(doubles.mean() - 0.5) < 0.04  # 20 standard errors
        assert (doubles * 2.0**53 % 1 == 0).all()
        drawn.append((words, raw, halves.astype(np.uint64)))

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    words = np.concatenate([part for two in drawn for part in two[:2]])
    assert len(np.unique(words)) == len(words) == 4 * n
    halves = np.concatenate([two[2] for two in drawn])
    assert len(np.unique(halves)) > 2 * n - 100 and int(np.bitwise_or.reduce(halves)) == 2**32 - 1  # 0.2 come twice
    assert not bit_generator.lock.locked()


@linux
@starts
@pytest.mark.parametrize("size", [100, 20_000, 200_000])
@pytest.mark.parametrize("how", ["fork", "raw_clone"])
def test_fork_in_a_signal_handler(start, size, how):
    """A C handler forks in the middle of a fill. The child returns into the fill and goes on with numbers of its own. Guards
    that the token is checked after the number has been taken: without it the child gets zeros from the wiped memory, or the
    numbers that are ready for its parent too."""
    forks = 48 * STRESS
    arguments = ["fork", "raw_clone"].index(how), size, forks
    result = run(PROGRAMS / "numpy_storm.py", start, *arguments, timeout=90 * STRESS, helped=True,
                 env={"OPENBLAS_NUM_THREADS": "1"})  # a thread of OpenBLAS could get the signal, and be cloned
    assert_sound(result, forks)


@linux
@starts
def test_threads_draw_while_others_reseed_and_fork(start):
    """All threads use one object. Guards the lock, and that a reseed or a fork makes the numbers stale for all of them."""
    forks = 48 * STRESS
    result = run(PROGRAMS / "numpy_threads.py", start, forks, timeout=90 * STRESS)
    assert_sound(result, forks)
    assert result["drawn"] > 0
