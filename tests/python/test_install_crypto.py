"""install_as_crypto(): programs that import Crypto.Random, here and in multiprocessing's workers, with and
without an installed PyCryptodome."""

import os

import pytest

METHODS = ["fork", "forkserver", "spawn"]


def environment(path):
    return {"PYTHONPATH": path} if path else {}


ALIASES = """
import sys
import gorandom
assert gorandom.install_as_crypto() is None
import Crypto
import Crypto.Random
from Crypto import Random
from Crypto.Random import get_random_bytes, new, atfork
import importlib
assert sys.modules["Crypto.Random"] is Crypto.Random is Random is gorandom.compat.pycrypto.Random
assert importlib.import_module("Crypto.Random") is gorandom.compat.pycrypto.Random
assert get_random_bytes is gorandom.get_random_bytes and atfork is gorandom.atfork
assert Random.__name__ == "gorandom.compat.pycrypto.Random" and gorandom.atfork.__module__ == "gorandom"
assert len(Random.new().read(16)) == len(get_random_bytes(16)) == 16

parent, path = sys.modules["Crypto"], list(sys.path)
for _ in range(3):
    gorandom.install_as_crypto()
assert sys.modules["Crypto"] is parent and sys.modules["Crypto.Random"] is gorandom.compat.pycrypto.Random and sys.path == path
assert Random.new is gorandom.new

try:
    import Crypto.Cipher.AES
    from Crypto.Cipher import AES
    print(len(AES.new(get_random_bytes(16), AES.MODE_ECB).encrypt(bytes(16))))
except ImportError as e:
    print(type(e).__name__, e)
try:
    import Crypto.Nothing
except ModuleNotFoundError as e:
    assert e.name == "Crypto.Nothing", e.name
else:
    raise AssertionError("Crypto.Nothing")
"""


def test_aliases(python, path):
    """One copy, one module object; the parent package is PyCryptodome's if there is one, else an empty one."""
    printed = python(ALIASES, env=environment(path)).strip()
    assert printed == ("16" if path else "ModuleNotFoundError No module named 'Crypto.Cipher'")


@pytest.mark.parametrize("first", ["import Crypto", "import Crypto.Random", "from Crypto.Random import random",
                                   "import Crypto.Cipher.AES", "import Crypto.PublicKey.RSA"])  # fmt: skip
def test_after_pycryptodome_was_imported(python, pycryptodome, first):
    """Whatever was imported before, from now on Crypto.Random is gorandom's, and the other modules go on working."""
    program = f"""
{first}
import sys, Crypto
parent = Crypto
import gorandom
gorandom.install_as_crypto()
import Crypto.Random
from Crypto import Random
assert sys.modules["Crypto"] is parent is Crypto
assert Crypto.Random is Random is sys.modules["Crypto.Random"] is gorandom.compat.pycrypto.Random
from Crypto.Cipher import AES
from Crypto.Hash import SHA256
assert SHA256.new(b"").digest_size == 32
assert len(AES.new(Random.get_random_bytes(32), AES.MODE_CTR).encrypt(b"x" * 100)) == 100
"""
    python(program, env=environment(os.fspath(pycryptodome)))


def test_pycryptodome_draws_from_gorandom(python, pycryptodome):
    """Modules of PyCryptodome that are imported later draw from gorandom: they import Crypto.Random as well."""
    python(
        """
import gorandom
gorandom.install_as_crypto()
import Crypto.Cipher.AES as AES
import Crypto.Cipher
from Crypto.Cipher import _mode_ctr
assert _mode_ctr.get_random_bytes is gorandom.get_random_bytes
one, two = (AES.new(bytes(16), AES.MODE_CTR) for _ in range(2))
assert one.nonce != two.nonce
""",
        env=environment(os.fspath(pycryptodome)),
    )


def test_install_draws_nothing(python):
    assert python(
        "import gorandom, os; gorandom.install_as_crypto(); import Crypto.Random\n"
        "print(gorandom.status().mode, len(os.listdir('/proc/self/task')))"
    ).split() == ["direct", "1"]


ADVISORY = """
from multiprocessing import Pool, set_start_method
from Crypto.Random import atfork, get_random_bytes
from Crypto import Random

def read(_):
    import time
    rng = Random.new()
    return [rng.read(16), get_random_bytes(16)]

def main():
    drawn = read(None)
    pool = Pool(4, initializer=atfork)
    for pair in pool.map(read, range(200), chunksize=1):
        drawn += pair
    pool.close()
    pool.join()
    drawn += read(None)
    print(len(drawn), len(set(drawn)))
"""
# What `python -m gorandom run` will do: the program itself knows nothing of gorandom.
RUN = """
import sys, runpy, multiprocessing
if __name__ == "__main__":
    import gorandom
    gorandom.install_as_crypto()
    multiprocessing.set_start_method("fork")
    sys.path.insert(0, %r)
    import advisory
    advisory.main()
"""


def test_the_advisorys_program_runs_unchanged(script, tmp_path, start_mode):
    """CVE-2013-1445: read, fork a pool of 4, read in each. PyCrypto before 2.6.1 gave children the same bytes."""
    (tmp_path / "advisory.py").write_text(ADVISORY)
    out = script("run.py", RUN % os.fspath(tmp_path), start=start_mode, timeout=120)
    assert out.split() == ["404", "404"]


# Run as a file, because spawn and forkserver import the main module again.
START = "import sys, os; sys.exit(os.spawnv(os.P_WAIT, sys.executable, [sys.executable, *sys.argv[1:]]))"

TOP_LEVEL = """
import multiprocessing, sys
import gorandom
gorandom.install_as_crypto()
from Crypto.Random import get_random_bytes, new, atfork
import Crypto.Random

def work(i):
    import Crypto.Random as again
    assert again is gorandom.compat.pycrypto.Random is sys.modules["Crypto.Random"] is Crypto.Random
    return get_random_bytes(16), new().read(16), gorandom.status().generation

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    get_random_bytes(16)
    with context.Pool(3, initializer=atfork) as pool:
        results = pool.map(work, range(60), chunksize=1)
        pool.close()
        pool.join()
    drawn = [t for r in results for t in r[:2]] + [get_random_bytes(16)]
    print(len(drawn), len(set(drawn)), any("Crypto.Cipher" in m for m in sys.modules))
"""

# Only the main process installs; the worker's function imports Crypto.Random by itself.
GUARDED = """
import multiprocessing, sys

def work(i):
    import gorandom
    from Crypto.Random import get_random_bytes
    import Crypto.Random
    assert Crypto.Random is gorandom.compat.pycrypto.Random, Crypto.Random
    try:
        import Crypto.Cipher
        other = True
    except ImportError:
        other = False
    return get_random_bytes(16), Crypto.Random.new().read(16), other

if __name__ == "__main__":
    import gorandom
    gorandom.install_as_crypto()
    import Crypto.Random
    context = multiprocessing.get_context(sys.argv[1])
    Crypto.Random.get_random_bytes(16)
    with context.Pool(3, initializer=Crypto.Random.atfork) as pool:
        results = pool.map(work, range(60), chunksize=1)
        pool.close()
        pool.join()
    drawn = [t for r in results for t in r[:2]] + [Crypto.Random.get_random_bytes(16)]
    print(len(drawn), len(set(drawn)), *{r[2] for r in results})
"""

# A module that the workers import before gorandom: by the alias alone can Crypto.Random be found.
CRYPTO_FIRST = """
import multiprocessing, sys
if __name__ == "__main__":
    import gorandom
    gorandom.install_as_crypto()
import Crypto.Random
from Crypto.Random import get_random_bytes

def work(i):
    import gorandom
    assert Crypto.Random is gorandom.compat.pycrypto.Random, Crypto.Random
    assert get_random_bytes is gorandom.get_random_bytes
    return get_random_bytes(16), Crypto.Random.new().read(16)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(3) as pool:
        results = pool.map(work, range(60), chunksize=1)
        pool.close()
        pool.join()
    drawn = [t for r in results for t in r]
    print(len(drawn), len(set(drawn)))
"""


def run_file(python, tmp_path, text, *arguments, **options):
    (tmp_path / "program.py").write_text(text)
    return python(START, tmp_path / "program.py", *arguments, **options).split()


@pytest.mark.parametrize("method", METHODS)
def test_pool_with_atfork(python, tmp_path, method, path, start_mode):
    out = run_file(python, tmp_path, TOP_LEVEL, method, env=environment(path), start=start_mode)
    assert out == ["121", "121", "False"]


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_a_program_that_installs_in_main_only(python, tmp_path, method, path):
    """Guards: the folder _shim on sys.path, which multiprocessing hands to spawned workers. Without it (or with
    a wheel that lacks it) `import Crypto.Random` fails there, or is PyCryptodome's."""
    assert run_file(python, tmp_path, GUARDED, method, env=environment(path)) == ["121", "121", str(bool(path))]


@pytest.mark.parametrize("method", METHODS)
def test_workers_that_import_crypto_first(python, tmp_path, method, path):
    """Guards: the shim's package installs the alias by itself; the worker has not imported gorandom yet."""
    assert run_file(python, tmp_path, CRYPTO_FIRST, method, env=environment(path)) == ["120", "120"]


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_a_program_with_a_crypto_of_its_own(python, tmp_path, method):
    """Guards that the shim stands before the program's own folder where a Crypto lies in that: without it spawned
    workers silently take the Random that was to be replaced."""
    (tmp_path / "Crypto" / "Random").mkdir(parents=True)
    (tmp_path / "Crypto" / "__init__.py").write_text("OWN = True\n")
    (tmp_path / "Crypto" / "Random" / "__init__.py").write_text("def get_random_bytes(n):\n    return bytes(n)\n")
    program = """
import multiprocessing, sys
import gorandom

def work(i):
    import Crypto
    import Crypto.Random
    assert Crypto.OWN and Crypto.Random is gorandom.compat.pycrypto.Random, Crypto.Random
    return Crypto.Random.get_random_bytes(16)

if __name__ == "__main__":
    gorandom.install_as_crypto()
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        drawn = pool.map(work, range(8), chunksize=1)
        pool.close()
        pool.join()
    print(len(set(drawn)))
"""
    assert run_file(python, tmp_path, program, method) == ["8"]


def test_gorandom_atfork_as_initializer_without_aliases(python, tmp_path):
    program = """
import multiprocessing, sys
import gorandom

def work(i):
    return gorandom.get_random_bytes(16), gorandom.get_random_bytes(5000)[:16]

if __name__ == "__main__":
    gorandom.get_random_bytes(16)
    drawn = []
    for method in ("fork", "forkserver", "spawn"):
        with multiprocessing.get_context(method).Pool(2, initializer=gorandom.atfork, maxtasksperchild=5) as pool:
            for pair in pool.map(work, range(30), chunksize=1):
                drawn += pair
            pool.close()
            pool.join()
    assert "Crypto" not in sys.modules
    print(len(drawn), len(set(drawn)))
"""
    assert run_file(python, tmp_path, program) == ["180", "180"]


def test_aliases_do_not_leak(python):
    """Only who asks gets them."""
    python(
        """
import sys, gorandom
before = list(sys.path)
gorandom.get_random_bytes(1)
assert not [m for m in sys.modules if m.partition(".")[0] == "Crypto"] and sys.path == before
gorandom.install_as_crypto()
added = [p for p in sys.path if p not in before]
import os
assert sys.path == before[:1] + added + before[1:] and len(added) == 1 and "Crypto" in os.listdir(added[0])
"""
    )


def test_other_meta_path_finders_and_specs(python, path):
    """importlib's questions about Crypto.Random have an answer."""
    python(
        """
import importlib.util, sys, gorandom
gorandom.install_as_crypto()
import Crypto.Random
assert importlib.util.find_spec("Crypto.Random").name == "gorandom.compat.pycrypto.Random"
assert importlib.util.find_spec("Crypto.Nothing") is None
assert importlib.reload(Crypto.Random) is sys.modules["Crypto.Random"] is gorandom.compat.pycrypto.Random
assert importlib.reload(gorandom) is gorandom
gorandom.install_as_crypto()
assert Crypto.Random is gorandom.compat.pycrypto.Random
""",
        env=environment(path),
    )


SUBMODULES = """
import importlib, sys
import gorandom
gorandom.install_as_crypto()
NAMES = {"Crypto." + n: "gorandom.compat.pycrypto." + n for n in (
    "Random", "Util.randpool", "pct_warnings", *("Random." + n for n in ("random", "_UserFriendlyRNG", "Fortuna", "Fortuna.SHAd256", "Fortuna.FortunaGenerator", "Fortuna.FortunaAccumulator",
    "OSRNG", "OSRNG.posix", "OSRNG.fallback", "OSRNG.nt", "OSRNG.rng_base")))}
"""


@pytest.mark.parametrize("first", ["", "theirs", "ours"])
def test_what_is_loaded_with_the_package(python, path, first):
    """What PyCrypto's import Crypto.Random has loaded: programs look into sys.modules and at attributes, without an
    import of their own. Crypto.Random.random is not among it, there as here."""
    python(
        f"""
import sys, gorandom
first, random_before = {first!r}, False
if first == "theirs":
    try:
        import Crypto.Random, Crypto.Random.random
        random_before = True
    except ImportError:
        pass    # there is none
elif first == "ours":
    import gorandom.compat.pycrypto.Random.Fortuna.SHAd256, gorandom.compat.pycrypto.Random._UserFriendlyRNG
gorandom.install_as_crypto()
import Crypto.Random
there = {{name for name in sys.modules if name.startswith("Crypto.Random.")}}
assert ("Crypto.Random.random" in there) == random_before
assert there - {{"Crypto.Random.random"}} == {{"Crypto.Random." + name for name in (
    "_UserFriendlyRNG", "Fortuna", "Fortuna.FortunaAccumulator", "Fortuna.FortunaGenerator", "Fortuna.SHAd256",
    "OSRNG", "OSRNG.posix", "OSRNG.rng_base")}}, there
assert "Crypto.pct_warnings" in sys.modules
assert Crypto.Random.Fortuna.SHAd256.new(b"").digest_size == 32 and Crypto.Random.OSRNG.posix.DevURandomRNG
assert Crypto.Random.Fortuna.FortunaGenerator.AESGenerator.key_size == 32 and Crypto.Random.Fortuna.FortunaAccumulator.FortunaPool
assert sys.modules["Crypto.Random._UserFriendlyRNG"]._get_singleton() is Crypto.Random._UserFriendlyRNG._get_singleton()
assert hasattr(Crypto.Random, "random") == random_before
import Crypto.Random.random
assert sys.modules["Crypto.Random.random"] is Crypto.Random.random is gorandom.compat.pycrypto.Random.random
""",
        env=environment(path),
    )


def test_fortuna_alone(python):
    """gorandom.compat.pycrypto.Random.Fortuna has its modules, as PyCrypto's has."""
    python("""
import gorandom
from gorandom.compat.pycrypto.Random import Fortuna
assert Fortuna.SHAd256.new(b"abc").digest() == Fortuna.SHAd256.new(b"abc").digest()
assert Fortuna.FortunaAccumulator.FortunaPool and Fortuna.FortunaGenerator.AESGenerator
""")


def test_pickles_that_name_pycryptos_modules(python, path):
    """A pickle names its globals by module and name; unpickling imports the module itself."""
    python(
        """
import pickle, gorandom
gorandom.install_as_crypto()
for module, name in (("Crypto.Random", "get_random_bytes"), ("Crypto.Random.random", "StrongRandom"), ("Crypto.Random.OSRNG", "new"),
                     ("Crypto.Random.Fortuna.FortunaAccumulator", "FortunaPool"), ("Crypto.Util.randpool", "RandomPool")):
    found = pickle.loads(f"c{module}\\n{name}\\n.".encode())
    ours = module.replace("Crypto", "gorandom.compat.pycrypto")
    assert found is getattr(__import__(ours, fromlist=[name]), name), module
    assert pickle.loads(pickle.dumps(found)) is found
""",
        env=environment(path),
    )


@pytest.mark.parametrize("order", ["", "reversed", "ours first"])
def test_submodules(python, path, order):
    """Each is one object under both names, in sys.modules and as its parent's attribute, and keeps its own spec."""
    python(
        SUBMODULES
        + f"""
order = {order!r}
for old, new in sorted(NAMES.items(), reverse=order == "reversed"):
    if order == "ours first":
        importlib.import_module(new)
    module = importlib.import_module(old)
    assert module is sys.modules[old] is sys.modules[new] is importlib.import_module(new), old
    for name in (old, new):
        parent, _, child = name.rpartition(".")
        assert getattr(sys.modules[parent], child) is module, name
    assert module.__name__ == module.__spec__.name == new
    assert importlib.util.find_spec(old).name == new
from Crypto.Random import random, Fortuna, OSRNG, _UserFriendlyRNG
from Crypto.Random.Fortuna import SHAd256
from Crypto.Util import randpool
import Crypto.Random.Fortuna.FortunaAccumulator
assert random is gorandom.compat.pycrypto.Random.random and randpool is gorandom.compat.pycrypto.Util.randpool
assert _UserFriendlyRNG._get_singleton() is gorandom.compat.pycrypto.Random._UserFriendlyRNG._get_singleton()
copies = [m.__file__ for m in sys.modules.values() if "gorandom" in (getattr(m, "__file__", None) or "")]
assert len(set(map(id, (m for m in sys.modules.values() if "gorandom" in (getattr(m, "__file__", None) or ""))))) == len(set(copies))
""",
        env=environment(path),
    )


def test_nothing_else_of_gorandom_has_a_second_name(python, path):
    """Guards: gorandom's __path__ would lead the import system to second copies."""
    python(
        SUBMODULES
        + """
for name in ("Crypto._install", "Crypto.Random._front", "Crypto.Random.secrets", "Crypto.Random._install", "Crypto.Random.Nothing",
             "Crypto.Random.Fortuna.nothing", "Crypto.Random.OSRNG.winrandom", "Crypto.Util.Nothing", "Crypto.Hash.Nothing"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as e:
        assert e.name == name and str(e) == f"No module named {name!r}", e
    else:
        raise AssertionError(name)
""",
        env=environment(path),
    )


def test_submodules_of_pycryptodome_that_were_imported_before(python, pycryptodome):
    """Crypto.Random.random becomes ours at once, not at the next import; PyCryptodome's Crypto.Util and Crypto.Hash stay."""
    python(
        """
import sys
import Crypto.Random.random, Crypto.Util, Crypto.Hash.HMAC
theirs, util, hmac = Crypto.Random.random, Crypto.Util, Crypto.Hash.HMAC
import gorandom
gorandom.install_as_crypto()
assert Crypto.Random.random is gorandom.compat.pycrypto.Random.random is sys.modules["Crypto.Random.random"] is not theirs
import Crypto.Util.randpool, Crypto.Util.number, Crypto.Hash.SHA256, Crypto.pct_warnings
assert Crypto.Util is util and Crypto.Hash.HMAC is hmac
assert Crypto.Util.randpool is gorandom.compat.pycrypto.Util.randpool and Crypto.pct_warnings is gorandom.compat.pycrypto.pct_warnings
assert Crypto.Util.number.getPrime(64, randfunc=Crypto.Random.get_random_bytes).bit_length() == 64
from Crypto.Random.random import StrongRandom
assert StrongRandom is gorandom.random.StrongRandom
""",
        env=environment(os.fspath(pycryptodome)),
    )


def test_parents_that_are_made(python):
    """Without PyCryptodome Crypto.Util and Crypto.Hash are gorandom's, and have nothing that is not: no MD2."""
    python(
        SUBMODULES
        + """
import importlib.metadata
try:
    importlib.metadata.distribution("pycryptodome")
except importlib.metadata.PackageNotFoundError:
    import Crypto.Util, Crypto.Hash
    assert Crypto.Util is sys.modules["gorandom.compat.pycrypto.Util"] and Crypto.Hash is sys.modules["gorandom.compat.pycrypto.Hash"]
    try:
        from Crypto.Hash import MD2
    except ImportError:
        pass
    else:
        raise AssertionError
"""
    )
