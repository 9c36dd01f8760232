"""make coverage: its report judges correctly, and children of every kind are counted."""

import collections
import os
import shutil
import subprocess
import sys

import pytest
from _forks import linux
from conftest import SOURCE

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not (SOURCE / "tests" / "covered.py").exists(), reason="the tool is not beside these tests"),
]


@pytest.fixture
def covered(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(SOURCE / "tests")])
    return __import__("covered")


def test_the_list_names_lines(covered):
    """An excuse for a line that is not there any more would excuse another one some day."""
    for path, name, text in covered.listed():
        numbers = [number for number, line in enumerate(covered.source(path), 1) if text in ("*", line.strip())]
        assert name in [covered.function(path, number) for number in numbers], f"tests/uncovered.txt: {path} {name}: {text}"


PROGRAM = """int unused(int x)
{
	if (x < 0)
		return -1;
	return x;
}
int used(int x)
{
	return x;
}
"""


@pytest.fixture
def judge(covered, tmp_path, monkeypatch):
    """judge(list) returns the report's answer on a program whose first function never ran."""
    (tmp_path / "program.c").write_text(PROGRAM)
    monkeypatch.setattr(covered, "ROOT", tmp_path)
    monkeypatch.setattr(covered, "LISTED", tmp_path / "uncovered.txt")
    monkeypatch.setattr(covered, "SOURCES", {})

    def judge(reasons, bar=0, **lines):
        monkeypatch.setattr(covered, "BARS", {"C": (bar, 0)})
        (tmp_path / "uncovered.txt").write_text(reasons)
        counted = covered.Counted()
        counted.add({1: 0, 3: 0, 4: 0, 5: 0, 7: 9, 9: 9}, {})
        return covered.report({"C": {"program.c": counted}})

    return judge


@pytest.mark.parametrize(
    "reasons, bar, code, says",
    [
        ("", 0, 1, "unexplained, line 1\nprogram.c unused: int unused(int x)"),
        ("# nobody needs it\nprogram.c unused: int unused(int x)\n", 0, 0, "1 with a reason, 0 without"),
        ("# nobody needs it\nprogram.c unused: *\n", 0, 0, "1 with a reason, 0 without"),
        ("# nobody needs it\nprogram.c unused: *\n", 34, 1, "33.3%"),
        ("# nobody needs it\nprogram.c unused: *\nprogram.c used: *\n", 0, 0, "listed, but it ran: program.c used: *"),
    ],
)
def test_what_is_left_needs_a_reason(judge, capsys, reasons, bar, code, says):
    assert judge(reasons, bar) == code
    assert says in capsys.readouterr().out


LIBRARY = """int once(void)
{
	return 1;
}
int never(void)
{
	return 2;
}
"""
CHILD = """import ctypes, os, signal, sys
library = ctypes.CDLL(sys.argv[1])
if os.fork() == 0:
    library.once()
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
os._exit(0)
"""


@linux
@pytest.mark.skipif(not (shutil.which("gcc") and shutil.which("gcov")), reason="needs gcc and gcov")
def test_a_child_that_is_killed_is_counted(covered, tmp_path):
    """Guards: the shared file of counters.c. gcov writes only at a normal exit, which SIGKILL and _exit skip."""
    (tmp_path / "library.c").write_text(LIBRARY)
    (tmp_path / "counters.ld").write_text(covered.COUNTERS)
    counters = tmp_path / "counters"
    counters.write_bytes(bytes(1 << 20))
    for command in (
        ["gcc", "-fPIC", *covered.GCOV, "-c", "library.c", "-o", tmp_path / "library.o"],
        ["gcc", "-fPIC", f'-DCOUNTERS="{counters}"', "-c", SOURCE / "tests" / "counters.c", "-o", tmp_path / "counters.o"],
        ["gcc", "-shared", "library.o", "counters.o", "-T", "counters.ld", "-lgcov", "-o", tmp_path / "library.so"],
        [sys.executable, "-c", CHILD, tmp_path / "library.so"],
    ):
        subprocess.run(command, check=True, cwd=tmp_path)
    load = [sys.executable, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", tmp_path / "library.so"]
    subprocess.run(load, check=True, env={**os.environ, "COUNTERS_DUMP": "1"})
    subprocess.run(["gcov", "library.gcda"], check=True, cwd=tmp_path, stdout=subprocess.DEVNULL)
    times = collections.Counter()
    for line in (tmp_path / "library.c.gcov").read_text().splitlines():
        count, _, text = line.split(":", 2)
        times[text.strip()] = count.strip()
    assert times["return 1;"] == "1" and times["return 2;"] == "#####"
