"""PyCrypto's own self-test, with gorandom in PyCrypto's place, and PyCryptodome's of HMAC.

PyCrypto's tests are 2.6.1's, run from its sdist as pip downloads it: SelfTest.Random, all of it that there is
on POSIX (Fortuna's three files, OSRNG's three, test_random, test_rpoolcompat, test__UserFriendlyRNG), and of
SelfTest.Hash those of HMAC and of the hashes that gorandom has. They are Python 2 code, that PyCrypto's build put
through 2to3; lib2to3 is gone from Python 3.13, so the few things that matter are done while they are imported: 2L
is 2, range gives a list, StringIO lies in io, common beside them, and the names that unittest has dropped are
there again. The rest of the sdist lies beside them, in Python 2: its own Crypto.Random cannot even be imported, so
that whatever passes has passed on gorandom. Its Crypto.Hash is taken away, because an installed one stays.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="its list of tests differs on Windows")
SDIST = "pycrypto==2.6.1"


@pytest.fixture(scope="module")
def pycrypto(tmp_path_factory):
    """The folder lib of the unpacked sdist."""
    folder = tmp_path_factory.mktemp("pycrypto")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps",
         "--no-binary", ":all:", "--dest", folder, SDIST],
        text=True, capture_output=True,
    )  # fmt: skip
    archives = list(folder.glob("pycrypto-*.tar.gz"))
    if not archives:
        pytest.skip(f"needs the sdist of {SDIST} from the package index, which pip cannot get: {done.stderr.strip()[-300:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return next(folder.glob("pycrypto-*/lib"))


START = """
import importlib.abc, importlib.machinery, io, json, multiprocessing, re, sys, unittest, warnings

class Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, **_):
        data = re.sub(rb"\\b([0-9]+)L\\b", rb"\\1", data)
        data = data.replace(b"from common import", b"from Crypto.SelfTest.Hash.common import")
        return compile(data, path, "exec", dont_inherit=True)

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)

    def exec_module(self, module):
        module.range = lambda *numbers: list(range(*numbers))
        super().exec_module(module)

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(fullname, path) if fullname.startswith("Crypto.SelfTest") else None
        if spec is not None:
            spec.loader = Loader(fullname, spec.origin)
        return spec

warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
sys.meta_path.insert(0, Finder())
sys.modules["StringIO"] = io
for old, new in {"failUnless": "assertTrue", "assertEquals": "assertEqual"}.items():
    if not hasattr(unittest.TestCase, old):
        setattr(unittest.TestCase, old, getattr(unittest.TestCase, new))

def judge(tests, prefixes):
    result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite(tests))
    print(json.dumps({
        "run": result.testsRun,
        "bad": [text for _, text in result.failures + result.errors + result.skipped],
        "files": sorted({type(test).__module__.removeprefix("Crypto.SelfTest.") for test in tests}),
        "ours": {name: module.__name__ for name, module in sys.modules.items() if name.startswith(prefixes)},
    }))
"""

RANDOM = START + """
if __name__ == "__main__":
    multiprocessing.set_start_method("fork")  # the only one when the tests were written
    import gorandom
    gorandom.install_as_crypto()
    import Crypto, Crypto.Random, Crypto.SelfTest.Random
    assert Crypto.__file__.startswith(sys.argv[1]) and Crypto.Random is gorandom.compat.pycrypto.Random
    judge(Crypto.SelfTest.Random.get_tests(), ("Crypto.Random", "Crypto.Util.randpool", "Crypto.pct_warnings"))
"""

HASH = START + """
import gorandom
gorandom.install_as_crypto()
import Crypto, Crypto.Hash.HMAC, Crypto.Hash.SHA, Crypto.SelfTest.Hash.common
assert Crypto.__file__.startswith(sys.argv[1])
tests = []
for name in sys.argv[2:]:
    tests += importlib.import_module("Crypto.SelfTest.Hash.test_" + name).get_tests()
# Objects have no .oid: in PyCrypto it is DER, in PyCryptodome dotted text, and only their signatures want it.
with_oid = [test for test in tests if isinstance(test, Crypto.SelfTest.Hash.common.HashTestOID)]
assert len(with_oid) == len(sys.argv) - 3  # of each but HMAC
judge([test for test in tests if test not in with_oid], ("Crypto.Hash",))
"""

DOME = """
import io, json, sys, unittest
import Crypto.Hash
import gorandom.compat.pycrypto.Hash.HMAC
Crypto.Hash.HMAC = sys.modules["Crypto.Hash.HMAC"] = gorandom.compat.pycrypto.Hash.HMAC
from Crypto.SelfTest.Hash import test_HMAC
assert test_HMAC.HMAC is gorandom.compat.pycrypto.Hash.HMAC and test_HMAC.SHA3_224.__name__ == "Crypto.Hash.SHA3_224"
tests = test_HMAC.get_tests()
result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite(tests))
print(json.dumps([result.testsRun, [text for _, text in result.failures + result.errors + result.skipped]]))
"""

FILES = ["Hash.common", "Random.Fortuna.test_FortunaAccumulator", "Random.Fortuna.test_FortunaGenerator",
         "Random.OSRNG.test_fallback", "Random.OSRNG.test_generic", "Random.OSRNG.test_posix",
         "Random.test__UserFriendlyRNG", "Random.test_random", "Random.test_rpoolcompat"]  # fmt: skip


@pytest.fixture
def selftest(python, tmp_path):
    """selftest(program, folder, *arguments): what judge() has printed."""

    def run(program, *arguments):
        (tmp_path / "selftest.py").write_text(program)
        done = python(
            "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
            tmp_path / "selftest.py", *arguments, flags=["-W", "ignore"], ends=None,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_pycryptos_selftest(selftest, pycrypto):
    """17 tests: accumulator 4, generator 1, SHAd256 5 (run by Hash.common), OSRNG 3, random 1, RandomPool 1, forks 2."""
    result = selftest(RANDOM, pycrypto)
    assert result["bad"] == []
    assert result["files"] == FILES
    assert result["run"] == 17
    assert all(name.partition(".")[0] == "gorandom" for name in result["ours"].values()), result["ours"]
    assert {"Crypto.Random", "Crypto.Random.random", "Crypto.Random.OSRNG.posix", "Crypto.Util.randpool"} <= set(result["ours"])


def test_pycryptos_selftest_of_hashes(selftest, pycrypto, tmp_path):
    """HMAC (RFC 2202, 4231 and 4634), and each hash that gorandom has."""
    names = ["HMAC", "MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]
    if "ripemd160" in hashlib.algorithms_available:
        names.append("RIPEMD")
    shutil.copytree(pycrypto, tmp_path / "lib", ignore=lambda folder, _: ["Hash"] if folder.endswith("Crypto") else [])
    assert (tmp_path / "lib" / "Crypto" / "SelfTest" / "Hash").is_dir()
    result = selftest(HASH, tmp_path / "lib", *names)
    assert result["bad"] == []
    assert result["files"] == ["Hash.common"] and result["run"] == 68 - 10 * ("RIPEMD" not in names)
    assert set(result["ours"]) >= {"Crypto.Hash", "Crypto.Hash.HMAC", "Crypto.Hash.SHA"}
    assert all(name.startswith("gorandom.compat.pycrypto.Hash") for name in result["ours"].values()), result["ours"]


def test_pycryptodomes_selftest_of_hmac(python, pycryptodome):
    """All of it, with PyCryptodome's hash modules: MD5, SHA-1, SHA-2, RIPEMD-160 and SHA-3. It asks for no .oid."""
    out = python(DOME, env={"PYTHONPATH": os.fspath(pycryptodome)})
    run, bad = json.loads(out)
    assert bad == [] and run == 47
