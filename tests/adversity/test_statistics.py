"""Statistics, aimed at the plumbing: a seam between two refills, a kernel's width, a fork.

AES in counter mode passes all of them, so they say nothing about the algorithm (its vectors do). They look for bytes
that are handed out twice, left as zeros or cut off. Each judge must first detect five streams that have such a fault.

64 MiB of each stream are tested; GORANDOM_STATISTICS=whole (make soak) takes 1 GiB, and all of dieharder's tests."""

import os
import pathlib
import subprocess
import sys

import pytest
from _packages import tools
from conftest import tool

np = pytest.importorskip("numpy", reason="NOT TESTED: the judges need numpy, and there is none for this Python")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GORANDOM_KEYSTREAM and forks are Linux's")

STREAM = pathlib.Path(__file__).parent / "stream.py"
WHOLE = os.environ.get("GORANDOM_STATISTICS") == "whole"
MEBIBYTES = 1024 if WHOLE else 64
ENDLESS = 1 << 30  # mebibytes: dieharder takes what it wants

BROKEN = ["refill", "seam", "stuck", "twins", "biased"]
KERNELS = ["generic", "aesni", "vaes256", "vaes512", "armv8"]


@pytest.fixture(scope="module")
def judges():
    folder = os.fspath(tools())
    if folder not in sys.path:
        sys.path.append(folder)  # after numpy's folder
    import _judges

    return _judges


def stream(kind, mebibytes, start="auto", kernel=None):
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("GORANDOM_", "PYTHON"))}
    environment |= {"GORANDOM_START": start} | ({"GORANDOM_KEYSTREAM": kernel} if kernel else {})
    return subprocess.Popen([sys.executable, "-B", STREAM, kind, str(mebibytes)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)  # fmt: skip


def judge(judges, source, *names, mebibytes=MEBIBYTES):
    """What ent, rngtest and the search for repeats report about a stream."""
    made = {
        "ent": lambda: judges.Ent(tool("ent", "ent")),
        "rngtest": lambda: judges.Rngtest(tool("rngtest", "rng-tools5")),
        "repeats": lambda: judges.Repeats(mebibytes),
    }
    chosen = [made[name]() for name in names or made]
    size = 0
    while block := source.stdout.read(judges.MIB):
        size += len(block)
        for each in chosen:
            each.feed(block)
    source.stdout.close()
    said = source.stderr.read().decode()
    source.stderr.close()
    assert source.wait() == 0, said
    assert size == mebibytes * judges.MIB
    return [text for each in chosen for text in each.complaints()], said


@pytest.mark.parametrize("start", ["auto", "eager", "never"])
@pytest.mark.parametrize("kind", ["mixed", "forks"])
def test_streams(judges, kind, start):
    """forks: the tokens of 1,024 children, interleaved. Statistics cannot see two equal streams among them, but the search
    for repeats can."""
    found, said = judge(judges, stream(kind, MEBIBYTES, start))
    assert not found, "\n".join(found)
    assert said.strip() == ("direct" if start == "never" else "core")


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels(judges, kernel):
    import gorandom

    if kernel not in gorandom._front.KERNELS:
        pytest.skip(f"NOT TESTED: this processor lacks {kernel}")
    found, said = judge(judges, stream("mixed", MEBIBYTES, "eager", kernel))
    assert not found, "\n".join(found)
    assert said.strip() == "core"


# ent detects the refill of 4 KiB, because the bias adds up over the whole stream. rngtest's blocks are shorter than
# that, and so are the pieces that dieharder's tests take in order.
CAUGHT = [(judge, kind) for judge in ("ent", "rngtest", "repeats") for kind in BROKEN]
CAUGHT.remove(("rngtest", "seam"))
CAUGHT = [pair for pair in CAUGHT if pair not in [("repeats", "stuck"), ("repeats", "biased")]]


@pytest.mark.parametrize("name, kind", CAUGHT)
def test_a_broken_stream_is_told(judges, name, kind):
    found, _ = judge(judges, stream(kind, 64), name, mebibytes=64)
    assert found
    print("\n".join(found))


QUICK = ["diehard_runs", "sts_serial"]


@pytest.mark.parametrize("start", ["auto", "eager", "never"])
def test_dieharder(judges, start):
    """Runs two of its tests; make soak runs all (-a), in one mode."""
    path = tool("dieharder", "dieharder")
    for options in [["-a"]] if WHOLE and start == "auto" else [["-d", name] for name in QUICK]:
        assert not list(judges.dieharder(path, lambda: stream("mixed", ENDLESS, start), *options))


@pytest.mark.parametrize("kind", [kind for kind in BROKEN if kind != "seam"])
def test_dieharder_tells_a_broken_stream(judges, kind):
    path = tool("dieharder", "dieharder")
    assert any(said for name in QUICK for said in judges.dieharder(path, lambda: stream(kind, ENDLESS), "-d", name))


def test_fips_rates(judges):
    """The rates, computed from the intervals alone, match the levels for which the intervals were chosen: 10^-4 for monobit
    and poker, 3 in 10,000 for the runs and for a long run, and 8 in 10,000 for a block."""
    rates = judges.fips()
    for name, rate in {"Monobit": 1e-4, "Poker": 1e-4, "Runs": 3e-4, "Long run": 3e-4, "failures": 8e-4}.items():
        assert rates[name][1] == pytest.approx(rate, rel=0.05), name
