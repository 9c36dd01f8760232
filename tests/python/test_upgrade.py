"""An upgrade in place: a running process continues to draw and fork after its package is removed or replaced on disk."""

import signal
import subprocess
import sys
import zipfile

import pytest
from _forks import PROGRAMS, linux

import gorandom

pytestmark = [linux, pytest.mark.once, pytest.mark.native("library that an upgrade could replace")]
starts = pytest.mark.parametrize("start", ["auto", "eager", "never"])
has_core = gorandom._front.state()["core_version"] is not None
HARMS = ["removed", "replaced"]


@pytest.fixture
def upgraded(python, site):
    """upgraded(program, harm, ...) runs a program with that copy, and damages the copy (programs/upgrade_steps.py)."""

    def run(program, harm, *arguments, source="", **options):
        environment = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
        return python(PROGRAMS / program, site, harm, source, *arguments, env=environment, flags=["-W", "error"], **options)

    return run


@starts
@pytest.mark.parametrize("before", ["imported", "drawn"])
@pytest.mark.parametrize("harm", HARMS)
def test_draws_and_forks(upgraded, start, before, harm):
    """Also when the first draw comes afterwards: all that it needs has been in memory since the import. Children have their
    own core, made from the library as it was mapped."""
    out = upgraded("upgrade_draws.py", harm, before, start=start)
    assert out.split() == (["d", "direct"] if start == "never" or not has_core else ["c", "core"])


@starts
@pytest.mark.parametrize("harm", HARMS)
def test_what_was_imported_goes_on(upgraded, start, harm):
    """No function of it imports anything from the package at its first call."""
    upgraded("upgrade_imported.py", harm, start=start)


@pytest.mark.parametrize("late", ["status()", "uuid4()", "SystemRandom()", "install_as_crypto()", "compat.pycrypto.Random.Fortuna",
                                  "BitGenerator", "Status"])  # fmt: skip
@pytest.mark.parametrize("harm", HARMS)
def test_what_was_not_imported(upgraded, harm, late):
    """There is a clear ImportError and no mixture of two versions, and draws continue."""
    says = "No module named 'gorandom." if harm == "removed" else (
        f"gorandom {gorandom.__version__} runs in this process, and another version has taken the place of its files: "
        "start the process anew"
    )  # fmt: skip
    lines = upgraded("upgrade_late.py", harm, late).splitlines()
    assert len(lines) == 2 and all(line.startswith(says) for line in lines), lines


@pytest.mark.parametrize("name", ["_numpy", "_openssl"])
def test_another_version_of_an_extension_module(python, name):
    """If it were loaded late, it would read the base's struct with its own version's layout. Guards base_import() of
    python/base.h."""
    python(PROGRAMS / "upgrade_extension.py", name)


def test_the_same_version_again(upgraded, package_folder):
    """Its files equal the old ones, so late imports use them."""
    out = upgraded("upgrade_same.py", "the same", source=package_folder)
    assert out.split() == ["4", "core" if has_core else "direct"]


def test_pip_unlinks_what_it_replaces(upgraded, site, tmp_path):
    """pip itself runs, and replaces a running process's package. (If it wrote into a mapped file instead, the process would
    end: see below.)"""
    (record,) = site.glob("*.dist-info")
    tag = next(line.split()[1] for line in (record / "WHEEL").read_text().splitlines() if line.startswith("Tag:"))
    wheel = tmp_path / f"gorandom-{gorandom.__version__}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(site.rglob("*")):
            if path.is_file() and path.name not in ("INSTALLER", "REQUESTED", "direct_url.json"):
                archive.write(path, path.relative_to(site))
    probe = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"needs pip: {probe.stderr.strip()}")
    out = upgraded("upgrade_draws.py", "pip", "drawn", source=wheel, start="auto")
    assert out.split() == (["c", "core"] if has_core else ["d", "direct"])


@pytest.mark.skipif(not has_core, reason="no core's library is mapped here: " + gorandom.status().reason)
def test_truncated_in_place(upgraded):
    """The control: `cp new.so old.so` writes into the mapped file, which no library survives. docs/install.md warns of it."""
    done = upgraded("upgrade_draws.py", "truncated", "drawn", start="auto", ends=None)
    assert done.returncode == -signal.SIGBUS
