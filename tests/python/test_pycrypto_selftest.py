"""PyCrypto's own self-test, with gorandom in PyCrypto's place.

The tests are PyCrypto 2.6.1's, run from its sdist as pip downloads it: SelfTest.Random, all of it that there is
on POSIX (Fortuna's three files, OSRNG's three, test_random, test_rpoolcompat, test__UserFriendlyRNG). They are
Python 2 code, that PyCrypto's build put through 2to3; lib2to3 is gone from Python 3.13, so the few things that
matter are done while they are imported: 2L is 2, range gives a list, StringIO lies in io, and the names that
unittest has dropped are there again. The rest of the sdist lies beside them, in Python 2: its own
Crypto.Random cannot even be imported, so that whatever passes has passed on gorandom.
"""

import json
import os
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


PROGRAM = """
import importlib.abc, importlib.machinery, io, json, multiprocessing, re, sys, unittest, warnings

class Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, **_):
        return compile(re.sub(rb"\\b([0-9]+)L\\b", rb"\\1", data), path, "exec", dont_inherit=True)

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

if __name__ == "__main__":
    multiprocessing.set_start_method("fork")  # the only one when the tests were written
    import gorandom
    gorandom.install_as_crypto()
    import Crypto, Crypto.Random, Crypto.SelfTest.Random
    assert Crypto.__file__.startswith(sys.argv[1]) and Crypto.Random is gorandom
    tests = Crypto.SelfTest.Random.get_tests()
    result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite(tests))
    ours = {name: module.__name__ for name, module in sys.modules.items()
            if name.startswith(("Crypto.Random", "Crypto.Util.randpool", "Crypto.pct_warnings"))}
    print(json.dumps({
        "run": result.testsRun,
        "bad": [text for _, text in result.failures + result.errors + result.skipped],
        "names": [test.shortDescription() or test.id() for test in tests] if len(tests) == result.testsRun else [],
        "files": sorted({type(test).__module__.removeprefix("Crypto.SelfTest.") for test in tests}),
        "ours": ours,
    }))
"""

FILES = ["Hash.common", "Random.Fortuna.test_FortunaAccumulator", "Random.Fortuna.test_FortunaGenerator",
         "Random.OSRNG.test_fallback", "Random.OSRNG.test_generic", "Random.OSRNG.test_posix",
         "Random.test__UserFriendlyRNG", "Random.test_random", "Random.test_rpoolcompat"]  # fmt: skip


def test_pycryptos_selftest(python, tmp_path, pycrypto):
    """17 tests: accumulator 4, generator 1, SHAd256 5 (run by Hash.common), OSRNG 3, random 1, RandomPool 1, forks 2."""
    (tmp_path / "selftest.py").write_text(PROGRAM)
    done = python(
        "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
        tmp_path / "selftest.py", pycrypto, flags=["-W", "ignore"], ends=None,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["bad"] == []
    assert result["files"] == FILES
    assert result["run"] == 17
    assert all(name.partition(".")[0] == "gorandom" for name in result["ours"].values()), result["ours"]
    assert {"Crypto.Random", "Crypto.Random.random", "Crypto.Random.OSRNG.posix", "Crypto.Util.randpool"} <= set(result["ours"])
