"""install_as_crypto(): programs that import Crypto.Random, here and in multiprocessing's workers, with and without an
installed PyCryptodome."""

import os
import pathlib
import shutil

import pytest
from _forks import PROGRAMS

METHODS = ["fork", "forkserver", "spawn"]


def environment(path):
    return {"PYTHONPATH": path} if path else {}


def test_aliases(python, path):
    """There is one copy and one module object. The parent package is PyCryptodome's if installed, else an empty one."""
    printed = python(PROGRAMS / "install_crypto_aliases.py", env=environment(path)).strip()
    assert printed == ("16" if path else "ModuleNotFoundError No module named 'Crypto.Cipher'")


@pytest.mark.parametrize("first", ["import Crypto", "import Crypto.Random", "from Crypto.Random import random",
                                   "import Crypto.Cipher.AES", "import Crypto.PublicKey.RSA"])  # fmt: skip
def test_after_pycryptodome_was_imported(python, pycryptodome, first):
    """Whatever was imported before, Crypto.Random is gorandom's from now on, and the other modules continue to work."""
    python(PROGRAMS / "install_crypto_late.py", first, env=environment(os.fspath(pycryptodome)))


def test_pycryptodome_draws_from_gorandom(python, pycryptodome):
    """Modules of PyCryptodome that are imported later draw from gorandom, because they import Crypto.Random too."""
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


@pytest.mark.native("mode but the system's")
def test_install_draws_nothing(python):
    assert python(
        "import gorandom, os; gorandom.install_as_crypto(); import Crypto.Random\n"
        "print(gorandom.status().mode, len(os.listdir('/proc/self/task')))"
    ).split() == ["direct", "1"]


def test_the_advisorys_program_runs_unchanged(python, start_mode):
    """CVE-2013-1445: read, fork a pool of 4, read in each. PyCrypto before 2.6.1 gave children the same bytes."""
    out = python(PROGRAMS / "install_crypto_run.py", start=start_mode, timeout=120)
    assert out.split() == ["404", "404"]


@pytest.mark.parametrize("method", METHODS)
def test_pool_with_atfork(python, method, path, start_mode):
    out = python(PROGRAMS / "install_crypto_pool.py", method, env=environment(path), start=start_mode)
    assert out.split() == ["121", "121", "False"]


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_a_program_that_installs_in_main_only(python, method, path):
    """Guards: the folder _shim on sys.path, which multiprocessing passes to spawned workers. Without it (or in a wheel that
    lacks it) `import Crypto.Random` fails there, or gets PyCryptodome's."""
    out = python(PROGRAMS / "install_crypto_guarded.py", method, env=environment(path))
    assert out.split() == ["121", "121", str(bool(path))]


@pytest.mark.parametrize("method", METHODS)
def test_workers_that_import_crypto_first(python, method, path):
    """Guards: the shim's package installs the alias itself. The worker has not imported gorandom yet."""
    assert python(PROGRAMS / "install_crypto_first.py", method, env=environment(path)).split() == ["120", "120"]


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_a_program_with_a_crypto_of_its_own(python, tmp_path, method):
    """Guards that the shim comes before the program's own folder if that contains a Crypto. Without it spawned workers
    silently use the Random that was to be replaced."""
    (tmp_path / "Crypto" / "Random").mkdir(parents=True)
    (tmp_path / "Crypto" / "__init__.py").write_text("OWN = True\n")
    (tmp_path / "Crypto" / "Random" / "__init__.py").write_text("def get_random_bytes(n):\n    return bytes(n)\n")
    program = pathlib.Path(shutil.copy(PROGRAMS / "install_crypto_own.py", tmp_path))
    assert python(program, method).split() == ["8"]


def test_gorandom_atfork_as_initializer_without_aliases(python):
    assert python(PROGRAMS / "install_crypto_atfork.py").split() == ["180", "180"]


def test_aliases_do_not_leak(python):
    """Only programs that ask get the aliases."""
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
    """Crypto.Random answers importlib's questions."""
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


@pytest.mark.parametrize("first", ["", "theirs", "ours"])
def test_what_is_loaded_with_the_package(python, path, first):
    """The same modules as after PyCrypto's import Crypto.Random: programs look them up in sys.modules and as attributes,
    without importing them. Neither here nor there does that include Crypto.Random.random."""
    python(PROGRAMS / "install_crypto_loaded.py", first, env=environment(path))


def test_fortuna_alone(python):
    """gorandom.compat.pycrypto.Random.Fortuna has its modules, like PyCrypto's."""
    python("""
import gorandom
from gorandom.compat.pycrypto.Random import Fortuna
assert Fortuna.SHAd256.new(b"abc").digest() == Fortuna.SHAd256.new(b"abc").digest()
assert Fortuna.FortunaAccumulator.FortunaPool and Fortuna.FortunaGenerator.AESGenerator
""")


def test_pickles_that_name_pycryptos_modules(python, path):
    """A pickle names its globals by module and name. Unpickling imports the module itself."""
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
    python(PROGRAMS / "install_crypto_submodules.py", order, env=environment(path))


def test_nothing_else_of_gorandom_has_a_second_name(python, path):
    """Guards: with gorandom's __path__ the import system would make second copies."""
    python(PROGRAMS / "install_crypto_no_second.py", env=environment(path))


def test_submodules_of_pycryptodome_that_were_imported_before(python, pycryptodome):
    """Crypto.Random.random becomes ours at once, not at the next import. PyCryptodome's Crypto.Util and Crypto.Hash stay."""
    python(PROGRAMS / "install_crypto_before.py", env=environment(os.fspath(pycryptodome)))


def test_parents_that_are_made(python):
    """Without PyCryptodome Crypto.Util and Crypto.Hash are gorandom's, and have only what gorandom has: no MD2."""
    python(PROGRAMS / "install_crypto_parents.py")
