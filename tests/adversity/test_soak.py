"""make soak, for 20 seconds: it ends by itself, finds nothing, and detects the faults that it is there for."""

import os
import pathlib
import re
import subprocess
import sys

import pytest
from _forks import kill_session
from _packages import tools

SOAK = pathlib.Path(__file__).with_name("soak.py")

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at Linux's forks and /proc")


def soak(seconds, *options):
    """How the run ended. It must leave no process behind."""
    names = {n: v for n, v in os.environ.items() if not n.startswith(("GORANDOM_", "PYTHON"))}
    process = subprocess.Popen(
        [sys.executable, "-B", SOAK, "--minutes", str(seconds / 60), *options], text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=names | {"PYTHONPATH": os.fspath(tools())},
        start_new_session=True,
    )  # fmt: skip
    try:
        out = process.communicate(timeout=seconds + 120)[0]
    finally:
        kill_session(process.pid)
        process.wait()
    print(out)
    return process.returncode, out


@pytest.mark.parametrize("start", ["auto", "never"])
def test_soak(start):
    status, out = soak(20 if start == "auto" else 8, "--start", start)
    assert status == 0 and "nothing was found wrong" in out
    counts = {name.strip(): int(n.replace(",", "")) for name, n in re.findall(r"│ +([^│]+)│ *([\d,]+) *│", out)}
    assert {"draws 0", "threads", "forks", "reseeds", "HMAC keys", "numbers", "numpy"} <= set(counts)
    assert ("seed files" in counts) == (start != "never")
    assert min(counts.values()) >= 10
    for figure in ("p50", "p99", "p99.9", "max", "MiB an hour"):
        assert figure in out


@pytest.mark.parametrize(
    "fault, said",
    [("leak", "it grows"), ("repeat", "repeat each other"), ("hang", "child 5 hangs"), ("die", "ended with status -6"),
     ("descriptor", "eventpoll")],
)
def test_it_tells(fault, said):
    status, out = soak(6, "--fault", fault, "--patience", "5")
    assert status == 1
    assert said in out
