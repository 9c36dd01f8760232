"""gorandom.seedfile: one use a seed, one process at a time, nothing left behind, clear refusals."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from _forks import PROGRAMS

import gorandom
from gorandom import seedfile

ALL = ["load", "refresh", "save"]


@pytest.fixture(autouse=True)
def core():
    gorandom.get_random_bytes(1)
    if gorandom.status().mode != "core":
        pytest.skip("needs a core, which this process cannot have: " + gorandom.status().reason)


@pytest.fixture
def path(tmp_path):
    assert seedfile.save(tmp_path / "seed") == 64
    return tmp_path / "seed"


def test_names():
    assert sorted(seedfile.__all__) == sorted([*ALL, "SeedFileError"])
    assert all(getattr(seedfile, name).__doc__ for name in seedfile.__all__)
    assert issubclass(seedfile.SeedFileError, ValueError)


@pytest.mark.parametrize("kind", [os.fspath, os.fsencode, lambda p: p], ids=["str", "bytes", "path"])
def test_save_refresh_load(tmp_path, kind):
    path = tmp_path / "seed"
    assert seedfile.save(kind(path)) == 64
    seen = {path.read_bytes()}
    for function in (seedfile.load, seedfile.refresh, seedfile.save, seedfile.load):
        assert function(kind(path)) == 64
        assert path.read_bytes() not in seen
        seen.add(path.read_bytes())
    assert path.stat().st_mode & 0o7777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["seed", "seed.lock"]


def test_load_takes_effect(path):
    before = gorandom.status()
    seedfile.load(path)
    after = gorandom.status()
    assert after.events >= before.events + 32 and after.reseeds > before.reseeds


def test_status_shows_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        seedfile.load("none")
    assert gorandom.status().seed_file != str(tmp_path / "none")
    seedfile.save("seed")
    assert gorandom.status().seed_file == str(tmp_path / "seed")


def test_names_mean_what_they_mean_to_the_kernel(tmp_path):
    """Behind a symbolic link ".." is the folder above its target, and a name that ends in "/" is no file's. Guards against
    os.path.abspath(), which only looks at the text: another file would be written than every other program reads."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "link").symlink_to("../b/c")
    path = f"{tmp_path}/a/link/../seed"
    assert seedfile.save(path) == 64
    assert (tmp_path / "b" / "seed").exists() and os.listdir(tmp_path / "a") == ["link"]
    assert gorandom.status().seed_file == path
    with pytest.raises(seedfile.SeedFileError, match="not a regular file"):
        seedfile.save(f"{tmp_path}/b/new/")


def test_names_that_are_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff:\n%s"
    assert seedfile.save(path) == seedfile.load(path) == 64
    os.chmod(path, 0o644)
    with pytest.raises(seedfile.SeedFileError):
        seedfile.load(path)


@pytest.mark.parametrize("name", ALL)
def test_wrong_arguments(name, tmp_path):
    function = getattr(seedfile, name)
    for bad in (None, 3, 1.5, ["a"], object()):
        with pytest.raises(TypeError):
            function(bad)
    for bad in ("a\0b", b"a\0b", "\0"):
        with pytest.raises(ValueError, match="embedded null byte"):
            function(bad)
    for bad in (-1, float("nan"), -0.001):
        with pytest.raises(ValueError, match="^timeout must be non-negative$"):
            function(tmp_path / "seed", timeout=bad)
    with pytest.raises(TypeError):
        function(tmp_path / "seed", timeout="1")
    with pytest.raises(TypeError):
        function(tmp_path / "seed", 1.0)
    with pytest.raises(FileNotFoundError) as caught:
        function(tmp_path / "none" / "seed")
    assert caught.value.filename == str(tmp_path / "none" / "seed")
    assert os.listdir(tmp_path) == []


def test_missing(tmp_path):
    for function in (seedfile.load, seedfile.refresh):
        with pytest.raises(FileNotFoundError):
            function(tmp_path / "seed")


def test_refused(path, tmp_path):
    good = path.read_bytes()
    events = gorandom.status().events

    def refused(text, *functions):
        for function in functions or (seedfile.load, seedfile.refresh):
            with pytest.raises(seedfile.SeedFileError, match=text) as caught:
                function(path)
            assert str(path) in str(caught.value)

    for mode in (0o644, 0o620, 0o602):
        path.chmod(mode)
        refused("readable or writable by other users")
    path.chmod(0o600)
    for content in (b"", good[:-1], good + b"x"):
        path.write_bytes(content)
        refused("size")
    path.write_bytes(good[:50] + bytes(62))
    refused("torn")
    path.write_bytes(b"x" + good[1:])
    refused("version")
    path.rename(tmp_path / "target")
    path.symlink_to(tmp_path / "target")
    refused("not a regular file", seedfile.load, seedfile.refresh, seedfile.save)
    path.unlink()
    path.mkdir()
    refused("not a regular file", seedfile.load, seedfile.refresh, seedfile.save)
    assert gorandom.status().events - events < 32


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
def test_foreign_owner(path):
    os.chown(path, 12345, 12345)
    for name in ALL:
        with pytest.raises(seedfile.SeedFileError, match="another user"):
            getattr(seedfile, name)(path)


def lock(path):
    fcntl = pytest.importorskip("fcntl")
    f = open(f"{path}.lock", "r+b")
    fcntl.flock(f, fcntl.LOCK_EX)
    return f


def test_lock_is_waited_for_in_vain(path):
    before = path.read_bytes()
    with lock(path):
        for name in ALL:
            for timeout in (0, 0.05):
                with pytest.raises(TimeoutError, match="locked"):
                    getattr(seedfile, name)(path, timeout=timeout)
    assert path.read_bytes() == before
    assert seedfile.load(path, timeout=0) == 64


def test_wait_for_the_lock_ends_with_it_and_with_a_signal(path):
    f = lock(path)
    old = signal.signal(signal.SIGALRM, lambda *_: f.close())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        assert seedfile.load(path, timeout=60) == 64

        def handler(*_):
            raise ZeroDivisionError

        signal.signal(signal.SIGALRM, handler)
        with lock(path):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(ZeroDivisionError):
                seedfile.load(path, timeout=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def test_descriptors(path):
    seen = []
    for name in ALL * 3:
        getattr(seedfile, name)(path)
        seen.append(sorted(os.listdir("/proc/self/fd")))
    with pytest.raises(FileNotFoundError):
        seedfile.load(str(path) + "none")
    assert seen[0] == seen[-1] == sorted(os.listdir("/proc/self/fd"))


DESCRIPTORS = """
import os, sys, gorandom
from gorandom import seedfile
gorandom.get_random_bytes(1)
before = os.listdir("/proc/self/fd")
seedfile.save(sys.argv[1]); seedfile.load(sys.argv[1]); seedfile.refresh(sys.argv[1])
assert os.listdir("/proc/self/fd") == before
"""


def test_no_first_descriptor(python, tmp_path):
    """Go's package os leaves an epoll and an event descriptor behind after its first file."""
    python(DESCRIPTORS, tmp_path / "seed")


def test_without_a_core(python, tmp_path):
    out = python(
        "import sys, gorandom\nfrom gorandom import seedfile\n"
        "for name in ('load', 'refresh', 'save'):\n"
        "    try: getattr(seedfile, name)(sys.argv[1])\n"
        "    except RuntimeError as e: print(gorandom.status().reason in str(e))\n",
        tmp_path / "seed", start="never",
    )  # fmt: skip
    assert out.split() == ["True"] * 3 and os.listdir(tmp_path) == []


RACE = """
import sys
from gorandom import seedfile
for i in range(40):
    (seedfile.load, seedfile.refresh, seedfile.save)[i % 3](sys.argv[1], timeout=60)
"""


def test_processes_at_once(path):
    racers = [subprocess.Popen([sys.executable, "-c", RACE, path]) for _ in range(3)]
    assert [racer.wait(60) for racer in racers] == [0] * 3
    assert seedfile.load(path) == 64


FOREVER = """
import sys
from gorandom import seedfile
print("ready", flush=True)
while True:
    seedfile.save(sys.argv[1])
    seedfile.load(sys.argv[1])
"""


def test_killed_at_any_moment(path):
    """After each death the file is whole, the lock free, and nothing but the next call's own files is there."""
    for i in range(15):
        child = subprocess.Popen([sys.executable, "-c", FOREVER, path], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(i * 0.0013)
        child.kill()
        child.wait()
        child.stdout.close()
        assert seedfile.load(path, timeout=5) == 64
        assert sorted(os.listdir(path.parent)) == ["seed", "seed.lock"]


def test_forks_during_calls(python, path):
    python(PROGRAMS / "seedfile_forks.py", path, flags=["-W", "ignore"])


def test_in_a_child_under_each_start(python, path):
    program = (
        "import os, sys, gorandom\nfrom gorandom import seedfile\n"
        "seedfile.load(sys.argv[1])\n"
        "child = os.fork()\n"
        "if not child: os._exit(0 if seedfile.load(sys.argv[1]) == 64 else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    for start in ("auto", "eager"):
        python(program, path, start=start)


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="needs a user who is not root, or setpriv")
def test_read_only_folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    seedfile.save(folder / "seed")
    before = (folder / "seed").read_bytes()
    folder.chmod(0o555)
    try:
        if os.geteuid() != 0:
            with pytest.raises(PermissionError):
                seedfile.load(folder / "seed")
        else:
            code = (
                "import sys\nfrom gorandom import seedfile\n"
                "try: seedfile.load(sys.argv[1])\nexcept PermissionError: sys.exit(0)\nsys.exit('loaded')\n"
            )
            done = subprocess.run(
                ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", code, folder / "seed"],
                capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        assert (folder / "seed").read_bytes() == before
    finally:
        folder.chmod(0o755)
