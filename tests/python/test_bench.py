"""The arithmetic of bench/, and that its tables name what there is. Nothing is timed."""

import importlib.util
import sys

import pytest
from conftest import SOURCE

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not (SOURCE / "bench" / "ratios.py").exists(), reason="bench/ is not beside these tests"),
]


@pytest.fixture
def load(monkeypatch):
    def load(name):
        spec = importlib.util.spec_from_file_location(f"bench_{name}", SOURCE / "bench" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look there
        spec.loader.exec_module(module)
        return module

    return load


def test_a_ratio_does_not_drift(load):
    """A machine that gets ten times slower from round to round: the medians are useless, the ratio is 2."""
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
    """A bar whose work or peer has another name would silently never be judged."""
    works = load("works")
    names = {work.name: work for work in works.WORKS}
    assert len(names) == len(works.WORKS)
    for bar in works.BARS:
        assert {bar.ours, *bar.than, *([bar.adds] if bar.adds else [])} <= set(names[bar.work].contestants), bar.name
        assert [bar.at_least, bar.cost, bar.at_most].count(None) >= 2, bar.name
    for work in works.WORKS:
        for name, contestant in work.contestants.items():
            source = getattr(contestant, "source", None) or getattr(contestant, "setup", "")
            compile(source, f"{work.name}, {name}", "exec")


def test_go_benchmarks_exist(load):
    works = load("works")
    chosen = [c for work in works.WORKS for c in work.contestants.values() if isinstance(c, works.GoBench)]
    assert chosen
    for package, name in {(c.package, c.name.split("/")[0]) for c in chosen}:
        files = (SOURCE / "tests" / "go" / package).glob("*_test.go")
        assert any(f"\nfunc Benchmark{name}(b *testing.B)" in path.read_text() for path in files), name
