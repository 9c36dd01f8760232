"""python -m gorandom bench prints all rows, and the ratios follow from a scripted clock."""

import re
import subprocess
import sys
import timeit

import pytest
from gorandom._cli import bench, tables

import gorandom

ROW = r"(.{17}) *([\d,.]+)  (.{13}) *([\d,.]+)   ( *[\d.]+) x \(([\d.]+) to ([\d.]+)\)"


@pytest.fixture
def table(python):
    out = python("import sys, gorandom.__main__; sys.exit(gorandom.__main__.main(['bench', '--quick']))")
    return out.split("\n\n")


def test_prints_all_rows(table):
    heading, rows, end = table
    gorandom.get_random_bytes(1)
    now = gorandom.status()
    assert heading.startswith(f"gorandom {gorandom.__version__}, CPython ")
    assert f"keystream {now.keystream}" in heading if now.mode == "core" else "mode direct" in heading
    found = [re.fullmatch(ROW, line) for line in rows.splitlines()[1:]]
    assert all(found), rows
    assert [row[1].strip() for row in found] == [work.what for work in bench.WORKS]
    assert [row[3].strip() for row in found] == [work.name for work in bench.WORKS]
    for row in found:
        least, median, most = float(row[6]), float(row[5]), float(row[7])
        assert 0 < least <= median <= most
    assert f"Medians of {bench.QUICK_ROUNDS} rounds" in end and "Mersenne Twister" in end
    assert all(len(line) <= 80 for line in rows.splitlines()) and "\033" not in "".join(table)


def test_compares_what_does_the_same():
    """Both statements of a row run and give the same: as many bytes, a number of the same range, the same tag."""
    for work in bench.WORKS:
        if ";" in work.theirs:
            start, _, last = work.theirs.rpartition("; ")
            names = dict(bench.NAMES)
            exec(start, names)
            theirs = eval(last, names)
        else:
            theirs = eval(work.theirs, bench.NAMES)
        ours = eval(work.ours, bench.NAMES)
        assert type(ours) is type(theirs), work
        if "HMAC" in work.what or "kept key" in work.what:
            assert ours == theirs
        elif isinstance(ours, (bytes, str)):
            assert len(ours) == len(theirs) > 0
        elif "uuid" in work.what:
            assert ours.version == theirs.version


class Clock:
    """call(name) takes costs(name, round) seconds. If one call costs a slot or more, one call of each finds that out, and each
    round also has one call of each. So the number of calls gives the round."""

    def __init__(self):
        self.now, self.made, self.names, self.costs = 0.0, [], set(), None

    def __call__(self):
        return self.now

    def call(self, name):
        self.made.append(name)
        self.names.add(name)
        self.now += self.costs(name, (len(self.made) - 1) // len(self.names) - 1)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setitem(bench.NAMES, "call", clock.call)
    return clock


def works(*names):
    return [bench.Work(name, f"call({name!r})", name.upper(), f"call({name.upper()!r})") for name in names]


def test_ratios(clock):
    clock.costs = lambda name, _: {"a": 1, "A": 2.5, "b": 3, "B": 1}[name]
    first, second = bench.measure(works("a", "b"), rounds=3, slot=0.1, clock=clock)
    assert (first.what, first.name, first.ours, first.theirs) == ("a", "A", 1, 2.5)
    assert first.ratios == (2.5,) * 3 and second.ratios == pytest.approx((1 / 3,) * 3)
    # They take turns, and every second round starts with the other.
    assert "".join(clock.made) == "aAbB" + "aAbB" + "AaBb" + "aAbB"


def test_many_calls(clock):
    """The times are for one call, however many calls fill a slot."""
    clock.costs = lambda name, _: {"a": 100e-9, "A": 250e-9}[name]
    (row,) = bench.measure(works("a"), rounds=3, slot=0.001, clock=clock)
    assert (row.ours, row.theirs) == (pytest.approx(100e-9), pytest.approx(250e-9))
    assert row.ratios == pytest.approx((2.5,) * 3)


def test_a_machine_that_slows_down(clock):
    """A slower machine makes the times longer and changes no ratio."""
    clock.costs = lambda name, turn: {"a": 1, "A": 4}[name] * 2**turn
    (row,) = bench.measure(works("a"), rounds=5, slot=0.1, clock=clock)
    assert row.ratios == (4,) * 5 and (row.ours, row.theirs) == (4, 16)


def test_a_disturbance(clock):
    """A disturbance of one side in one round shows in the spread and not in the median."""
    clock.costs = lambda name, turn: {"a": 1, "A": 4}[name] * (10 if (name, turn) == ("A", 3) else 1)
    (row,) = bench.measure(works("a"), rounds=5, slot=0.1, clock=clock)
    assert row.ratios == (4, 4, 4, 40, 4) and row.theirs == 4


@pytest.mark.parametrize("seconds", [1e-7, 3e-5, 2e-3, 1.0])
def test_a_slot(clock, seconds):
    """A slot has as many calls as fill it, and at least one."""
    clock.costs = lambda *_: seconds
    timer = timeit.Timer("call('a')", globals=bench.NAMES, timer=clock)
    assert bench._number(timer, 0.001) == max(1, round(0.001 / seconds))


def test_shown(monkeypatch, capsys):
    rows = [
        bench.Row("quick", "slow", 25.61e-9, 339.4e-9, (13.4, 12.1, 13.99)),
        bench.Row("slow", "quick", 3e-3, 1.5e-3, (0.5, 0.25, 0.75)),
        bench.Row("far", "off", 1e-7, 1.234567e-3, (12345.67, 99.4, 99.6)),
    ]
    monkeypatch.setattr(bench, "measure", lambda works, rounds, slot: rows)
    assert tables.bench(sys.stdout) == 0
    heading, table, end = capsys.readouterr().out.split("\n\n")
    assert table.splitlines()[1:] == [
        "quick                  25.6  slow                339    13.4 x (12.1 to 14.0)",
        "slow              3,000,000  quick         1,500,000    0.50 x (0.25 to 0.75)",
        "far                     100  off           1,234,567     100 x (99.4 to 12346)",
    ]
    assert "Medians of 7 rounds" in end and "*" not in end


@pytest.mark.parametrize("arguments, says", [(["--rounds", "3"], "unrecognized arguments"), (["fast"], "unrecognized arguments")])
def test_wrong_arguments(arguments, says, tmp_path):
    done = subprocess.run([sys.executable, "-m", "gorandom", "bench", *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and says in done.stderr


def test_stdout_is_closed(tmp_path):
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m gorandom bench --quick >&-"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "gorandom: [Errno 9] Bad file descriptor\n")
