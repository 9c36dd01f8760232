"""The arithmetic of bench/, and whether its tables name things that exist. Nothing is timed."""

import dataclasses
import importlib
import itertools
import json
import pathlib
import platform
import re
import sys
from types import SimpleNamespace

import pytest
from _forks import NOISE
from conftest import SOURCE

sys.path.append(str(NOISE))
import confine  # noqa: E402

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not (SOURCE / "bench" / "ratios.py").exists(), reason="bench/ is not beside these tests"),
]


@pytest.fixture
def load(monkeypatch):
    """Import a module of bench/ by its name, as these modules import each other. None of them stays loaded."""
    for path in (SOURCE / "bench").glob("*.py"):  # tests/run.py has the same name
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
    known = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(SOURCE / "bench"), *sys.path])
    yield importlib.import_module
    for name in set(sys.modules) - known:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(SOURCE)):
            del sys.modules[name]


def test_a_ratio_does_not_drift(load):
    """A machine slows down tenfold from round to round: the medians are useless, but the ratio is 2."""
    ours = [[10.0**n, 10.0**n * 1.1, 10.0**n * 0.9] for n in range(5)]
    theirs = [[2 * v for v in values] for values in ours]
    assert load("ratios").speedup(ours, theirs) == pytest.approx((2, 2, 2))
    assert load("ratios").cost(ours, theirs) == pytest.approx((0.5, 0.5, 0.5))


def test_difference(load):
    assert load("ratios").difference([[5.0], [6.0], [7.0]], [[1.0], [1.0], [1.0]]) == (5, 4.5, 5.5)


def test_spread(load):
    ratios = load("ratios")
    assert ratios.spread([3.0]) == (3, 3, 3)
    assert ratios.pooled([[1.0, 2.0], [3.0, 4.0], [5.0]]) == (3, 2, 4)


@pytest.mark.parametrize("limit, verdict", [(1.9, "met"), (2.0, "met"), (2.5, "on the edge"), (4.0, "on the edge"), (4.1, "missed")])
def test_at_least(load, limit, verdict):
    assert load("ratios").at_least(load("ratios").Spread(3, 2, 4), limit) == verdict


@pytest.mark.parametrize("limit, verdict", [(4.1, "met"), (4.0, "met"), (3.5, "on the edge"), (2.0, "on the edge"), (1.9, "missed")])
def test_at_most(load, limit, verdict):
    assert load("ratios").at_most(load("ratios").Spread(3, 2, 4), limit) == verdict


# The sign test's tables: 1 - 2 * P(at most k successes of n at 1/2).
@pytest.mark.parametrize(
    "n, low, high, confidence",
    [(3, 0, 2, 0.75), (6, 0, 5, 0.96875), (8, 0, 7, 0.9921875), (9, 1, 7, 0.9609375), (12, 2, 9, 0.9614257812)],
)
def test_interval(load, n, low, high, confidence):
    found = load("ratios").interval([float(i) for i in reversed(range(n))])
    assert found == pytest.approx(((n - 1) / 2, low, high, confidence))


def test_the_table(load):
    """A bar whose work or peer had another name would never be judged, and nobody would notice."""
    works = load("works")
    names = {work.name: work for work in works.WORKS}
    assert len(names) == len(works.WORKS)
    for bar in works.BARS:
        assert bar.works, bar.name
        for work in bar.works:
            assert {bar.ours, *bar.than, *([bar.adds] if bar.adds else [])} <= set(names[work].contestants), bar.name
        assert [bar.at_least, bar.cost, bar.at_most].count(None) >= 2, bar.name
        assert len(bar.works) == 1 or bar.at_most is None and not bar.adds, bar.name
    for work in works.WORKS:
        for name, contestant in work.contestants.items():
            source = getattr(contestant, "source", None) or getattr(contestant, "setup", "")
            compile(source + "\n" + getattr(contestant, "statement", ""), f"{work.name}, {name}", "exec")


def test_go_benchmarks_exist(load):
    works = load("works")
    chosen = [c for work in works.WORKS for c in work.contestants.values() if isinstance(c, works.GoBench)]
    assert chosen
    for package, name in {(c.package, c.name.split("/")[0]) for c in chosen}:
        files = (SOURCE / "tests" / "go" / package).glob("*_test.go")
        assert any(f"\nfunc Benchmark{name}(b *testing.B)" in path.read_text() for path in files), name


def test_the_figures_of_the_pages(load):
    """Each has bars, and the pages show what was made from them, so no row of theirs is lost when they are written again."""
    works, report = load("works"), load("report")
    names = [bar.name for bar in works.BARS]
    assert len(set(names)) == len(names)
    assert {name for _, _, bars in works.FIGURES for name in bars} <= set(names)
    figures = [(what, than) for what, than, _ in works.FIGURES]
    headlines = [figure for figure in figures if figure[0] in works.HEADLINES]
    assert [what for what, _ in headlines] == works.HEADLINES
    for path, shown in ((report.PAGE, figures), (report.README, headlines)):
        text = pathlib.Path(path).read_text()
        assert text.count(report.FIRST) == text.count(report.LAST) == 1
        rows = re.findall(r"^\| (.*?) \|.*\| (.*?) \|$", text.split(report.FIRST)[1].split(report.LAST)[0], re.MULTILINE)
        assert len(rows) > 5 and [row for row in rows[1:] if row not in shown] == []


def test_limits_depend_on_the_machine(load):
    works, report = load("works"), load("report")
    for values in itertools.product([False, True], repeat=len(dataclasses.fields(works.Facts)) - 1):
        facts = works.Facts(*values, cores=2)
        for bar in works.BARS:
            limit, text = report.Results.wanted(SimpleNamespace(facts=facts), bar)
            assert (text in ("no bar on this machine", "to be told")) == (limit is None), bar.name


def test_sizes(load):
    works = load("works")
    sizes = [work.size for work in works.SIZES]
    assert sizes == sorted(set(sizes)) and sizes[0] == 1 and sizes[-1] == (64 << 20) + 1
    for n in [*(1 << i for i in range(27)), 3776]:
        (above,) = (work for work in works.SIZES if work.size == n + 1)
        assert n in sizes and above.contestants["one byte less"].size == n and above.name in works.NEXT
    for work in works.SIZES:
        assert {c.size for name, c in work.contestants.items() if name in works.SWEPT} == {work.size}


def test_the_sweep(load, monkeypatch, capsys):
    """Every contestant has as many values of each size as were asked for, or the reason why it is missing."""
    works, sweep = load("works"), load("sweep")
    peers = {"gorandom": works.DRAWERS["gorandom"], "nobody": "from nobody_has_this import f"}
    contestants = [{name: works.Sized(setup, n) for name, setup in peers.items()} for n in (1, 2 << 20)]
    monkeypatch.setattr(works, "SIZES", [works.Work(f"draw {c['nobody'].size}", "Sizes", c, size=c["nobody"].size) for c in contestants])
    for ours in ([], ["--ours"]):
        monkeypatch.setattr(sys, "argv", ["sweep.py", "--values", "3", "--large-values", "2", "--seconds", "1e-6", *ours])
        sweep.main()
        found = json.loads(capsys.readouterr().out)
        assert [len(found[name]["gorandom"]) for name in ("draw 1", "draw 2097152")] == [3, 2]
        absent = {} if ours else {"nobody": {"absent": "ModuleNotFoundError: No module named 'nobody_has_this'"}}
        assert all({name: values for name, values in entry.items() if name != "gorandom"} == absent for entry in found.values())


def measurement(load, gorandom, peer, **facts):
    """Return results of three rounds of two works, with nothing else measured."""
    works, report = load("works"), load("report")
    rounds = {"gorandom": {"rounds": [[t] for t in gorandom]}, "os.urandom": {"rounds": [[t] for t in peer]}}
    facts = dict(vaes=True, sha_ni=True, vdso=False, gil=True, fork_counts=False, cores=2) | facts
    assert set(facts) == {field.name for field in dataclasses.fields(works.Facts)}
    versions = {"CPython": "3.11.7", "C library": "glibc 2.36", "OpenSSL": "3.0"}
    machine = dict(distribution="Debian GNU/Linux 12 (bookworm)", processor="P", cores=2, system="Linux 6.18", versions=versions,
                   keystream="aesni", date="2026-01-01", facts=facts)  # fmt: skip
    found = {"get_random_bytes(16)": rounds, "draw of 2,048 B": rounds}
    found["draw of 1,025 B"] = {**rounds, "os.urandom": rounds["gorandom"]}
    return report.Results({"machine": machine, "quick": False, "works": found})


def test_bars_of_many_works_tell_the_worst(load):
    works = load("works")
    results = measurement(load, [1.0, 1.0, 1.0], [10.0, 11.0, 12.0])
    bar = next(bar for bar in works.BARS if bar.name == "1,025 to 16,384 bytes, os.urandom")
    assert results.bar(bar) == ("at least 6 x", "1.00 x (1.00 to 1.00) os.urandom, draw of 1,025 B", "missed")
    bar = next(bar for bar in works.BARS if bar.name == "1,025 to 16,384 bytes, ssl.RAND_bytes")
    assert results.bar(bar) == ("at least 2 x", "ssl.RAND_bytes: not measured", "not there")


@pytest.mark.parametrize(
    "vdso, wanted, verdict",
    [(False, "at least 8 x", "missed"), (True, "at least 3 x", "met"), (None, "at least 8 x", "missed")],
)
def test_the_bar_follows_the_system(load, vdso, wanted, verdict):
    bar = next(bar for bar in load("works").BARS if bar.name == "16 bytes")
    results = measurement(load, [1.0, 1.0, 1.0], [4.0, 4.0, 4.0], vdso=vdso)
    text = "4.00 x (4.00 to 4.00) os.urandom; not there: secrets.token_bytes, PyNaCl, PyCryptodome"
    assert results.bar(bar) == (wanted, text, verdict)


def test_the_pages_are_written(load, tmp_path):
    """A column for each measurement; a missed bar is marked; the text around the table stays."""
    report = load("report")
    path = tmp_path / "README.md"
    path.write_text(f"before\n{report.FIRST}\nold\n{report.LAST}\nafter\n")
    two = [measurement(load, [1.0] * 3, [4.0] * 3, vdso=vdso) for vdso in (False, True)]
    for _ in range(2):
        report.write(path, report.page(two))
        lines = path.read_text().splitlines()
        assert (lines[0], lines[1], lines[-2], lines[-1]) == ("before", report.FIRST, report.LAST, "after") and "old" not in lines
        assert "getrandom by system call" in lines[2] and "getrandom by the vDSO" in lines[3]
        rows = [line.split(" | ") for line in lines if line.startswith("| 16 bytes")]
        assert [row[1:3] for row in rows] == [["4.00 x (4.00 to 4.00), **missed** (at least 8 x)", "4.00 x (4.00 to 4.00)"]]
        assert "keystream, 1 MiB" not in path.read_text()
    report.write(path, report.headlines(two))
    lines = path.read_text().splitlines()
    assert (lines[0], lines[1], lines[-2], lines[-1]) == ("before", report.FIRST, report.LAST, "after")
    assert [line.split(" | ")[1:3] for line in lines if line.startswith("| 16 bytes")] == [["4.00 x", "4.00 x"]]


@pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")
def test_getrandom_is_told(load):
    """glibc 2.41 draws without a system call on Linux 6.11 (6.12 on aarch64). Older ones can't."""
    numbers = [tuple(map(int, re.findall(r"\d+", text)[:2])) for text in (platform.libc_ver()[1] or "0", platform.release())]
    new = numbers[0] >= (2, 41) and numbers[1] >= (6, 11 if platform.machine() == "x86_64" else 12)
    assert load("machine").vdso(sys.executable) is new


def test_roots(load, tmp_path):
    run = load("run")
    roots = SimpleNamespace(SYSTEMS=[SimpleNamespace(name="far", emulator="qemu")])
    (tmp_path / "usr").mkdir()
    assert run.layers_of(roots, str(tmp_path)) == ([str(tmp_path)], "python3", {})
    with pytest.raises(SystemExit, match="another processor"):
        run.layers_of(roots, "far")
    with pytest.raises(SystemExit, match="no root is called nowhere: far, or a folder"):
        run.layers_of(roots, "nowhere")
