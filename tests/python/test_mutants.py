"""The runner of mutants (tests/mutants/run.py): its patches apply, and it tells a killed mutant from others."""

import contextlib
import glob
import importlib.util
import os
import sys

import pytest
from conftest import SOURCE

pytestmark = pytest.mark.once

FOLDER = SOURCE / "tests" / "mutants"
DIFF = """--- a/python/gorandom/secrets.py
+++ b/python/gorandom/secrets.py
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
"""


@pytest.fixture(scope="module")
def runner():
    spec = importlib.util.spec_from_file_location("mutants_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_patches_apply(runner):
    mutants = [runner.Mutant(str(path)) for path in sorted(FOLDER.glob("*/*.patch"))]
    assert mutants
    assert {mutant.name: why for mutant, why in runner.check(mutants).items()} == {}


def test_apply(runner):
    (hunks,) = runner.parse(DIFF).values()
    assert runner.apply("one\ntwo\nthree\n", hunks) == "one\nTWO\nthree\n"
    assert runner.apply("zero\none\ntwo\nthree\nfour\n", hunks) == "zero\none\nTWO\nthree\nfour\n"
    with pytest.raises(ValueError, match="not there"):
        runner.apply("one\n two\nthree\n", hunks)
    with pytest.raises(ValueError, match="twice"):
        runner.apply("one\ntwo\nthree\n" * 2, hunks)


@pytest.mark.parametrize(
    "text, why",
    [
        (DIFF, "no line Breaks:"),
        ("Breaks: x\n\n" + DIFF, "no line Test:"),
        ("Breaks: x\nTest: tests/python/test_mutants.py::test_apply\n", "no diff"),
        ("Breaks: x\nTest: tests/python/test_mutants.py::test_apply\n\n" + DIFF, "not there"),
        ("Breaks: x\nTest: tests/python/test_mutants.py::test_apply\n\n" + DIFF.replace("python/gorandom", "tests"), "not production"),
        ("Breaks: x\nTest: tests/python/test_mutants.py::test_apply\n\n" + DIFF.replace("secrets", "none"), "no file"),
    ],
)
def test_useless_patches(runner, tmp_path, text, why):
    path = tmp_path / "x.patch"
    path.write_text(text)
    assert why in runner.Mutant(str(path)).problem()


@pytest.mark.parametrize(
    "test, there",
    [
        ("tests/python/test_mutants.py::test_apply", True),
        ("tests/python/test_mutants.py::test_tests_that_are_there[x]", True),
        ("tests/python/test_mutants.py::test_appl", False),
        ("tests/python/test_mutants.py::Fake::restore", True),
        ("tests/python/test_mutants.py::restore", False),
        ("tests/python/test_mutants.py::Fake::test_apply", False),
        ("tests/python/test_mutants.py", False),
        ("tests/python/test_none.py::test_apply", False),
        ("go ./gorandom/fortuna -run TestToolIsErased", True),
        ("go -race ./gorandom/fortuna -run ^TestToolIsErased$", True),
        ("go ./gorandom/fortuna -run TestNone", False),
        ("go ./gorandom/fortuna", False),
    ],
)
def test_tests_that_are_there(runner, test, there):
    assert (runner.missing(test) is None) == there


def test_samples(runner):
    """Each word gives another order, and always the same one."""
    mutants = [runner.Mutant(str(path)) for path in sorted(FOLDER.glob("*/*.patch"))]
    orders = [[mutant.name for mutant in runner.chosen(mutants, None, word)] for word in ("a", "b", "a")]
    assert orders[0] == orders[2] != orders[1] and sorted(orders[0]) == sorted(orders[1])
    assert {mutant.name.split("/")[0] for mutant in runner.chosen(mutants, "go/*", None)} == {"go"}


class Fake:
    """Stands in for a copy of the tree. It returns given results of its tests, without a mutant and with it."""

    def __init__(self, alone, mutated, unfit=None):
        self.ends, self.unfit, self.restored = [alone, mutated], unfit, False

    def test(self, test, timeout, log):
        return self.ends.pop(0)

    def change(self, mutant, log):
        if self.unfit:
            raise self.unfit

    def restore(self):
        self.restored = True


PASSED = 0, "1 passed in 0.1s"


@pytest.mark.parametrize(
    "alone, mutated, verdict",
    [
        (PASSED, (1, "1 failed"), "killed"),
        (PASSED, (-11, ""), "killed"),
        (PASSED, (None, ""), "killed: it hung"),
        (PASSED, PASSED, "SURVIVED"),
        (PASSED, (5, "no tests ran"), "SURVIVED"),
        ((0, "--- PASS: TestX (0.00s)"), (1, "--- FAIL: TestX (0.00s)"), "killed"),
        ((0, "--- PASS: TestX (0.00s)"), (1, "FAIL x [build failed]"), "DOES NOT BUILD"),
        ((1, "1 failed"), (1, "1 failed"), "TEST FAILS WITHOUT IT"),
        ((None, ""), (1, "1 failed"), "TEST FAILS WITHOUT IT"),
        ((0, "1 skipped in 0.1s"), (1, "1 failed"), "test is skipped"),
        ((0, "    --- SKIP: TestX (0.00s)"), (1, "--- FAIL: TestX (0.00s)"), "test is skipped"),
        ((0, "3 deselected in 0.1s"), (1, "1 failed"), "TEST DID NOT RUN"),
        ((0, "testing: warning: no tests to run"), (1, ""), "TEST DID NOT RUN"),
    ],
)
def test_verdicts(runner, tmp_path, monkeypatch, alone, mutated, verdict):
    monkeypatch.setattr(runner, "WORK", str(tmp_path))
    mutant = runner.Mutant(str(sorted(FOLDER.glob("*/*.patch"))[0]))
    copy = Fake(alone, mutated)
    assert runner.attempt(mutant, copy, runner.Alone())[0] == verdict
    assert copy.restored


def test_kept(runner, tmp_path, monkeypatch):
    """A killed mutant is remembered for the same tree and the same patch."""
    monkeypatch.setattr(runner, "KEPT", str(tmp_path / "killed.json"))
    first, second = [runner.Mutant(str(path)) for path in sorted(FOLDER.glob("*/*.patch"))[:2]]
    tree = runner.Tree()
    runner.Kept(tree.key).add(first, "killed", "a test")
    again = runner.Kept(tree.key)
    assert again.killed[again.key(first)] == ["killed", "a test"]
    assert again.key(second) not in again.killed
    (tmp_path / "killed.json").write_text("half a fi")
    assert runner.Kept(tree.key).killed == {}


@pytest.mark.parametrize(
    "changed, another",
    [
        ("pyext/calls/calls.go", True),
        ("python/gorandom/__init__.py", True),
        ("tests/python/conftest.py", True),
        ("tests/python/test_status.py", True),
        ("tests/python/test_secrets.py", False),
        ("tests/go/csprng/rng_test.go", False),
    ],
)
def test_what_a_result_depends_on(runner, changed, another):
    mutant = runner.Mutant(str(FOLDER / "go" / "status_through_python.patch"))
    tree = runner.Tree()
    before = tree.key(mutant)
    assert changed in tree.hashes and "README.md" not in tree.hashes
    changed_tree = runner.Tree()
    changed_tree.hashes[changed] = "another"
    changed_tree.shared = [line if not line.startswith(changed + " ") else changed for line in tree.shared]
    assert (changed_tree.key(mutant) != before) == another


def test_a_session_ends(runner, tmp_path):
    """A hanging test is ended with its children, even those that have left its process group."""
    seconds = f"612.{os.getpid()}"  # unique, even if this test runs twice at a time
    program = (
        f"import subprocess, time; subprocess.Popen(['sleep', '{seconds}'], process_group=0); print('ready', flush=True); time.sleep(600)"
    )
    code, text = runner.run([sys.executable, "-I", "-S", "-c", program], 5, str(tmp_path / "log"))
    assert code is None and text == "ready\n"
    left = []
    for name in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError), open(name, "rb") as file:
            left += [name] * (file.read() == f"sleep\0{seconds}\0".encode())
    assert left == []
