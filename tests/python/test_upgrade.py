"""An upgrade in place: a running process whose package is removed or replaced on disk goes on drawing and forking."""

import signal
import subprocess
import sys
import zipfile

import pytest
from _forks import linux

import gorandom

pytestmark = linux
starts = pytest.mark.parametrize("start", ["auto", "eager", "never"])
has_core = gorandom._front.state()["core_version"] is not None


@pytest.fixture
def upgraded(python, site):
    """upgraded(before, harm, after) runs a program that does these one after the other, with that copy."""

    def run(before, harm, after, **options):
        program = f"import sys; site, package = sys.argv[1], sys.argv[1] + '/gorandom'\n{COMMON}\n{before}\n{harm}\n{after}\n"
        environment = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
        return python(program, site, env=environment, flags=["-W", "error"], **options)

    return run


COMMON = """
import os, shutil, subprocess, threading
import gorandom
assert gorandom.__file__.startswith(package), gorandom.__file__

drawn = []
def draw(large=False):
    drawn.append(gorandom.get_random_bytes(16))
    if large:
        drawn.append(gorandom.get_random_bytes(1 << 20)[-16:])

def fork(generations):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            drawn.clear()
            draw()
            draw(large=True)
            if generations > 1:
                fork(generations - 1)
            mode = gorandom._front.state()["mode"]
            os.write(write, b"".join(drawn) + mode[:1].encode())
        finally:
            os._exit(0)
    os.close(write)
    said = os.read(read, 10000)
    os.close(read)
    assert os.waitpid(pid, 0)[1] == 0 and said, "a child died"
    drawn.extend(said[i : i + 16] for i in range(0, len(said) - 1, 16))
    modes.append(said[-1:])

modes = []
"""

BEFORE = {
    "imported": "",
    "drawn": "draw()",
}
OTHER = """
for folder, _, files in os.walk(package):
    for name in files:
        path = os.path.join(folder, name)
        os.unlink(path)  # a new file, as pip makes it
        with open(path, "w") as file:
            file.write('__version__ = "9.9.9"\\n' if name == "_version.py" else "nobody reads this\\n")
"""
HARMS = {
    "removed": "shutil.rmtree(package)",
    "replaced": OTHER,
}
AFTER = """
for _ in range(10):
    draw(large=True)
    fork(2)
threads = [threading.Thread(target=draw, args=(True,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
gorandom.reseed()
gorandom.add_event(b"event" * 10)
draw()
assert len(set(drawn)) == len(drawn) > 80 and bytes(16) not in drawn
print(b"".join(sorted(set(modes))).decode(), gorandom._front.state()["mode"])
"""


@starts
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("harm", HARMS)
def test_draws_and_forks(upgraded, start, before, harm):
    """Also when the first draw comes after: all that it needs is in memory since the import. Children have a core of
    their own, which is the library as it was mapped."""
    out = upgraded(BEFORE[before], HARMS[harm], AFTER, start=start)
    assert out.split() == (["d", "direct"] if start == "never" or not has_core else ["c", "core"])


IMPORTED = """
from gorandom import SystemRandom, hmac, random, secrets, seedfile, signing, uuid4, uuid7
from gorandom.compat import osrandom
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator
key = hmac.Key(b"key", "sha512")
rng = gorandom.new()
number = SystemRandom()
"""
USED = """
def use():
    assert len({uuid4(), uuid7(), uuid4(), uuid7()}) == 4
    assert len(secrets.token_hex()) == 64 and len(secrets.token_urlsafe()) == 43 and secrets.randbelow(1 << 100) >= 0
    assert secrets.choice("a") == random.choice("a") == number.choice("a") and number.randbytes(5) and number.gauss(0, 1)
    cards = list(range(52)); random.shuffle(cards); assert sorted(random.sample(cards, 52)) == list(range(52))
    for digest in ("sha256", "sha3_256", "sha512", "md5"):
        assert hmac.digest(b"k", b"m" * 100000, digest) == hmac.new(b"k", b"m" * 100000, digest).digest()
    key.verify(b"m", key.digest(b"m"))
    assert hmac.Key(b"x" * 500, "sha384").digest(b"m")
    assert len(rng.read(5)) == 5 and gorandom.new().read(1) and gorandom.compare_digest("a", "a")
    signer = signing.TimestampSigner("secret", "purpose")
    assert signer.unsign(signer.sign(b"x"), max_age=10) == b"x"
    assert any(source.serves for source in osrandom.sources())
    if gorandom._front.start():
        generator = FortunaGenerator.AESGenerator()
        generator.reseed(b"Hello")
        assert generator.pseudo_random_data(1) and seedfile.save(site + "/seed") == 64
use()
pid = os.fork()
if pid == 0:
    use()
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
"""


@starts
@pytest.mark.parametrize("harm", HARMS)
def test_what_was_imported_goes_on(upgraded, start, harm):
    """No function of it imports anything of the package when it is first called."""
    upgraded(IMPORTED, HARMS[harm], USED, start=start)


@pytest.mark.parametrize("late", ["status()", "uuid4()", "SystemRandom()", "install_as_crypto()", "Fortuna", "BitGenerator", "Status"])
@pytest.mark.parametrize("harm", HARMS)
def test_what_was_not_imported(upgraded, harm, late):
    """A clear ImportError, and no mixture of two versions; the draws go on."""
    after = f"""
for _ in range(2):
    try:
        gorandom.{late}
    except ImportError as error:
        print(error)
    draw()
    fork(1)
"""
    says = "No module named 'gorandom." if harm == "removed" else (
        f"gorandom {gorandom.__version__} runs in this process, and another version has taken the place of its files: "
        "start the process anew"
    )  # fmt: skip
    lines = upgraded("draw()", HARMS[harm], after).splitlines()
    assert len(lines) == 2 and all(line.startswith(says) for line in lines), lines


def test_the_same_version_again(upgraded, package_folder):
    """Its files are as good as those that were there: what is imported late comes from them."""
    harm = f"shutil.rmtree(package); shutil.copytree({str(package_folder)!r}, package)"
    after = "print(gorandom.uuid4().version, gorandom.status().mode)\ndraw(); fork(1)"
    assert upgraded("draw()", harm, after).split() == ["4", "core" if has_core else "direct"]


def test_pip_unlinks_what_it_replaces(upgraded, site, tmp_path):
    """pip itself, in the place of a running process's package. (Were a mapped file written to instead, the process would
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
    harm = f"""
library = package + "/_front.abi3.so"
before = os.stat(library).st_ino
environment = {{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}}
subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-index", "--no-deps", "--upgrade",
                "--no-compile", "--target", site, {str(wheel)!r}], check=True, env=environment, stderr=subprocess.DEVNULL)
assert os.stat(library).st_ino != before
"""
    assert upgraded("draw()", harm, AFTER, start="auto").split() == (["c", "core"] if has_core else ["d", "direct"])


@pytest.mark.skipif(not has_core, reason="no core's library is mapped here: " + gorandom.status().reason)
def test_truncated_in_place(upgraded):
    """The control: `cp new.so old.so` writes into what is mapped, and no library outlives that. README warns of it."""
    harm = "os.truncate(package + '/libgorandom.core.so', 0)"
    done = upgraded("draw()", harm, AFTER, start="auto", ends=None)
    assert done.returncode == -signal.SIGBUS
