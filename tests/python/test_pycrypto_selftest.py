"""PyCrypto's own self-test with gorandom in PyCrypto's place, and PyCryptodome's of HMAC.

The tests are PyCrypto 2.6.1's, from its sdist as pip downloads it. Of SelfTest.Random they are all that exist on POSIX
(Fortuna's three files, OSRNG's three, test_random, test_rpoolcompat, test__UserFriendlyRNG). Of SelfTest.Hash they are
those of HMAC and of the hashes that gorandom has. They are Python 2 code, which PyCrypto's build put through 2to3.
lib2to3 is gone from Python 3.13, so the few changes that matter are made during import: 2L is 2, range gives a list,
StringIO is in io, common is beside the tests, and the names that unittest has dropped are back. The rest of the sdist
is beside them, in Python 2. Its own Crypto.Random cannot even be imported, so every test that passes has used gorandom.
Its Crypto.Hash is removed, because an installed one would stay.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest
from _forks import PROGRAMS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="its list of tests differs on Windows")
SDIST = "pycrypto==2.6.1"


@pytest.fixture(scope="module")
def pycrypto(tmp_path_factory):
    """Return the folder lib of the unpacked sdist."""
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
def selftest(python):
    """selftest(program, folder, *arguments) returns what judge() has printed."""

    def run(program, *arguments):
        done = python(program, *arguments, flags=["-W", "ignore"], ends=None)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_pycryptos_selftest(selftest, pycrypto):
    """17 tests: accumulator 4, generator 1, SHAd256 5 (run by Hash.common), OSRNG 3, random 1, RandomPool 1, forks 2."""
    result = selftest(PROGRAMS / "pycrypto_selftest_random.py", pycrypto)
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
    result = selftest(PROGRAMS / "pycrypto_selftest_hash.py", tmp_path / "lib", *names)
    assert result["bad"] == []
    assert result["files"] == ["Hash.common"] and result["run"] == 68 - 10 * ("RIPEMD" not in names)
    assert set(result["ours"]) >= {"Crypto.Hash", "Crypto.Hash.HMAC", "Crypto.Hash.SHA"}
    assert all(name.startswith("gorandom.compat.pycrypto.Hash") for name in result["ours"].values()), result["ours"]


def test_pycryptodomes_selftest_of_hmac(python, pycryptodome):
    """All of it, with PyCryptodome's hash modules: MD5, SHA-1, SHA-2, RIPEMD-160 and SHA-3. It doesn't use .oid."""
    out = python(DOME, env={"PYTHONPATH": os.fspath(pycryptodome)})
    run, bad = json.loads(out)
    assert bad == [] and run == 47
