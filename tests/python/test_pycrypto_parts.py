"""The rest of PyCrypto's Crypto.Random: OSRNG, _UserFriendlyRNG; also Crypto.Util.randpool and Crypto.pct_warnings."""

import inspect
import os
import types
import warnings

import pytest
from _forks import PROGRAMS
from gorandom.compat.pycrypto import pct_warnings
from gorandom.compat.pycrypto.Random import OSRNG, _UserFriendlyRNG
from gorandom.compat.pycrypto.Random.OSRNG import fallback, nt, posix, rng_base
from gorandom.compat.pycrypto.Util import randpool

import gorandom

posix_only = pytest.mark.skipif(os.name != "posix", reason="looks at /dev")


def raises(error, message, function, *args, **kwargs):
    with pytest.raises(error) as caught:
        function(*args, **kwargs)
    assert caught.type is error
    if message is not None:
        assert str(caught.value) == message


@posix_only
class TestOSRNG:
    @pytest.fixture(params=[OSRNG, posix, fallback], ids=["OSRNG", "posix", "fallback"])
    def rng(self, request):
        return request.param.new()

    def test_kinds(self):
        assert type(OSRNG.new()) is type(posix.new()) is posix.DevURandomRNG and posix.new().name == "/dev/urandom"
        assert type(fallback.new()) is fallback.PythonOSURandomRNG and fallback.new().name == "<os.urandom>"
        assert nt.WindowsRNG.name == "<CryptGenRandom>"
        for kind in (posix.DevURandomRNG, fallback.PythonOSURandomRNG, nt.WindowsRNG):
            assert issubclass(kind, rng_base.BaseRNG) and inspect.getdoc(kind)

    def test_nt(self):
        raises(OSError, None, nt.new)

    def test_read(self, rng):
        assert len({rng.read(16) for _ in range(100)}) == 100
        assert rng.read(0) == b"" and len(rng.read(N=70_000)) == 70_000 and len(rng.read(True)) == 1
        for bad in (1.0, "1", None, b"1"):
            raises(TypeError, "an integer is required", rng.read, bad)
        for bad in ((), (-1,), (-(1 << 70),)):
            raises(ValueError, "cannot read to end of infinite stream", rng.read, *bad)

    def test_close(self, rng):
        assert rng.closed is False and rng.flush() is None
        assert rng.close() is None and rng.closed is True
        rng.close()
        for n in (1, 0, -1, "x"):
            raises(ValueError, "I/O operation on closed file", rng.read, n)

    def test_with(self, rng):
        with rng as entered:
            assert entered is rng and len(rng.read(3)) == 3
        assert rng.closed

    def test_arguments(self):
        raises(TypeError, None, fallback.new, 1)
        raises(TypeError, None, posix.new, None, None)
        assert posix.new(devname="/dev/urandom").name == "/dev/urandom"
        assert len(posix.new("/dev/random").read(5)) == 5

    def test_early(self, monkeypatch):
        """The device would give bytes before it is seeded, so OSRNG waits for its generator. It doesn't wait for another
        device."""
        waits = []
        monkeypatch.setattr(posix, "_front", types.SimpleNamespace(wait=waits.append))
        for name, expected in ((None, [None]), ("/dev/random", [None]), ("/dev/urandom", [None, None])):
            posix.new(name).close()
            assert waits == expected

    def test_devices(self, tmp_path):
        (tmp_path / "file").write_bytes(b"x" * 100)
        name = str(tmp_path / "file")
        raises(TypeError, f"{name!r} is not a character special device", posix.new, name)
        raises(FileNotFoundError, None, posix.new, str(tmp_path / "nothing"))
        raises(IsADirectoryError, None, posix.new, str(tmp_path))
        raises(AssertionError, "OS RNG returned duplicate data", posix.new, "/dev/zero")
        raises(AssertionError, "/dev/null produced truncated output (requested 16, got 0)", posix.new, "/dev/null")

    def test_a_subclass_that_reads_short(self):
        class Short(rng_base.BaseRNG):
            def read(self, N=-1):
                return b"x"

            def _close(self):
                pass

        raises(AssertionError, "read truncated", Short)

        class Nothing(Short):
            read = rng_base.BaseRNG.read

        raises(NotImplementedError, "child class must implement this", Nothing)

    def test_descriptors_are_closed(self):
        before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
        for _ in range(50):
            posix.new()
            with pytest.raises(AssertionError):
                posix.new("/dev/zero")
        # Fewer than the 50 and 50 that were opened. Other tests' descriptors may be closed or opened meanwhile.
        assert len(os.listdir("/proc/self/fd")) < len(before) + 20 if before else True


@posix_only
def test_a_daemon_that_closes_descriptors(python):
    """If another file has taken its number, the device is opened again, and close() leaves the other file open."""
    python(PROGRAMS / "pycrypto_parts_descriptors.py")


class TestUserFriendlyRNG:
    def test_names(self):
        assert _UserFriendlyRNG.get_random_bytes is gorandom.get_random_bytes
        assert _UserFriendlyRNG.RNGFile is gorandom.RNGFile and type(_UserFriendlyRNG.new()) is gorandom.RNGFile
        assert len(_UserFriendlyRNG.get_random_bytes(n=3)) == 3
        assert _UserFriendlyRNG.reinit() is None
        raises(TypeError, None, _UserFriendlyRNG.new, 1)

    def test_singleton(self):
        singleton = _UserFriendlyRNG._get_singleton()
        assert singleton is _UserFriendlyRNG._get_singleton()
        assert singleton.read(16) != singleton.read(16)
        assert singleton.reinit() is None and singleton.flush() is None and singleton.closed is False

    def test_reinit_reseeds(self, monkeypatch):
        reseeds = []
        monkeypatch.setattr(_UserFriendlyRNG, "reseed", lambda: reseeds.append(1))
        _UserFriendlyRNG.reinit()
        _UserFriendlyRNG._get_singleton().reinit()
        assert len(reseeds) == 2

    def test_draws_do_not_take_the_lock(self):
        lock = _UserFriendlyRNG._get_singleton()._lock
        assert lock.acquire()
        try:
            assert len(gorandom.get_random_bytes(16)) == len(_UserFriendlyRNG._get_singleton().read(16)) == 16
            _UserFriendlyRNG.reinit()
        finally:
            lock.release()

    def test_reseed_count(self, python, start_mode):
        python(PROGRAMS / "pycrypto_parts_reseed_count.py", start=start_mode)

    def test_the_lock_in_a_child(self, python):
        """Another thread holds it at the fork, but it is free in the child."""
        python(
            """
import os
from gorandom.compat.pycrypto.Random import _UserFriendlyRNG
singleton = _UserFriendlyRNG._get_singleton()
singleton._lock.acquire()
child = os.fork()
if not child:
    os._exit(not singleton._lock.acquire(timeout=5))
assert os.waitpid(child, 0)[1] == 0
assert not singleton._lock.acquire(blocking=False)
"""
        )


WARNINGS = {
    "CryptoWarning": (Warning,),
    "CryptoDeprecationWarning": (DeprecationWarning, "CryptoWarning"),
    "CryptoRuntimeWarning": (RuntimeWarning, "CryptoWarning"),
    "RandomPool_DeprecationWarning": ("CryptoDeprecationWarning",),
    "ClockRewindWarning": ("CryptoRuntimeWarning",),
    "GetRandomNumber_DeprecationWarning": ("CryptoDeprecationWarning",),
    "PowmInsecureWarning": ("CryptoRuntimeWarning",),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings(name):
    bases = tuple(getattr(pct_warnings, base) if isinstance(base, str) else base for base in WARNINGS[name])
    assert getattr(pct_warnings, name).__bases__ == bases
    assert inspect.getdoc(getattr(pct_warnings, name))


def test_clock_warnings_are_shown_each_time(python):
    done = python(
        "import warnings\nfrom gorandom.compat.pycrypto.pct_warnings import ClockRewindWarning\n"
        "for _ in range(3): warnings.warn('back', ClockRewindWarning)\n",
        ends=None,
    )
    assert done.returncode == 0 and done.stderr.count("ClockRewindWarning: back") == 3
    python(
        "import warnings\nfrom gorandom.compat.pycrypto.pct_warnings import ClockRewindWarning\n"
        "try: warnings.warn('back', ClockRewindWarning)\nexcept ClockRewindWarning: pass\nelse: raise SystemExit(1)\n",
        flags=["-W", "error"],
    )


class TestRandomPool:
    @pytest.fixture
    def pool(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return randpool.RandomPool()

    def test_warns(self):
        start = r"^This application uses RandomPool, which is BROKEN in older releases\."
        with pytest.warns(DeprecationWarning, match=start) as caught:
            randpool.RandomPool()
        assert caught[0].category is pct_warnings.RandomPool_DeprecationWarning
        assert caught[0].filename == __file__

    @pytest.mark.filterwarnings("ignore")
    def test_constructor(self):
        pool = randpool.RandomPool(20, None, None, "/nowhere")
        assert (pool.bytes, pool.bits, pool.entropy) == (20, 160, 160)
        pool = randpool.RandomPool(numbytes=3, cipher=1, hash=2, file=3)
        assert (pool.bytes, pool.bits, pool.entropy) == (3, 24, 24)
        pool = randpool.RandomPool()
        assert (pool.bytes, pool.bits, pool.entropy) == (160, 1280, 1280)

    def test_bytes(self, pool):
        assert len({pool.get_bytes(16), pool.get_bytes(N=16), pool.getBytes(16), pool.getBytes(N=16)}) == 4
        for get in (pool.get_bytes, pool.getBytes):
            raises(ValueError, "cannot read to end of infinite stream", get, -1)
            raises(TypeError, "an integer is required", get, "1")

    def test_what_does_nothing(self, pool):
        for call in (pool.stir, pool.stir_n, pool.randomize, pool._randomize, pool.add_event, lambda: pool.stir("foo"),
                     lambda: pool.stir(s="foo"), lambda: pool.stir_n(N=5), lambda: pool.randomize(N=9),
                     lambda: pool.add_event("foo"), lambda: pool.add_event(s="foo"), lambda: pool.addEvent("e"),
                     lambda: pool.addEvent("e", s="foo"), lambda: pool._randomize(3, "/dev/random")):  # fmt: skip
            assert call() is None
        assert pool.entropy == 1280
        raises(TypeError, None, pool.addEvent)

    def test_entropy(self, pool):
        pool._updateEntropyEstimate(-100)
        assert pool.entropy == 1180
        pool._updateEntropyEstimate(-5000)
        assert pool.entropy == 0
        pool._updateEntropyEstimate(5000)
        assert pool.entropy == pool.bits == 1280


def test_imports_stay_light(python):
    """import gorandom loads none of these. install_as_crypto() loads only what PyCrypto's package loaded."""
    python(
        """
import sys, gorandom
for name in ("random", "compat"):
    assert "gorandom." + name not in sys.modules, name
gorandom.install_as_crypto()
import Crypto.Random
assert "gorandom.random" not in sys.modules
for name in ("Random.random", "Random.OSRNG.nt", "Random.OSRNG.fallback", "Hash", "Util"):
    assert "gorandom.compat.pycrypto." + name not in sys.modules, name
"""
    )
