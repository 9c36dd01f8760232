"""gorandom.seedfile: each seed is used once, by one process at a time; nothing is left behind; refusals are clear. The core
does it, or Python code where there is none. All tests run with both, and compare their results, errors and files."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from _forks import PROGRAMS
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import gorandom
from gorandom import _seedfile, seedfile

ALL = ["load", "refresh", "save"]
ENGINES = ["core", "python"]
needs_core = pytest.mark.skipif(
    not gorandom._front.start(), reason="no core can be had here: " + gorandom._front.state()["reason"]
)


def use(engine, patch):
    if engine == "python":
        patch.setattr(seedfile, "_in_core", lambda *_: False)


@pytest.fixture(params=[pytest.param("core", marks=needs_core), "python"])
def engine(request, monkeypatch):
    use(request.param, monkeypatch)
    return request.param


@pytest.fixture
def start(engine):
    """Return GORANDOM_START for programs."""
    return "auto" if engine == "core" else "never"


pytestmark = pytest.mark.usefixtures("engine")
once = pytest.mark.parametrize("engine", ["python"], indirect=True)  # for tests that choose the engine themselves


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


@needs_core
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


def test_names_mean_what_they_mean_to_the_kernel(tmp_path, monkeypatch):
    """Behind a symbolic link ".." is the folder above its target, and a name that ends in "/" is no file's. Guards against
    os.path.abspath(), which only looks at the text: gorandom would write another file than every other program reads."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "link").symlink_to("../b/c")
    path = f"{tmp_path}/a/link/../seed"
    assert seedfile.save(path) == 64
    assert (tmp_path / "b" / "seed").exists() and os.listdir(tmp_path / "a") == ["link"]
    assert gorandom.status().seed_file == path
    with pytest.raises(seedfile.SeedFileError, match="not a regular file"):
        seedfile.save(f"{tmp_path}/b/new/")
    monkeypatch.chdir(tmp_path / "a")
    assert seedfile.save("link/../other") == 64
    assert (tmp_path / "b" / "other").exists() and os.listdir(tmp_path / "a") == ["link"]


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


@pytest.mark.parametrize("step", [0, -3600, 3600], ids=["stand", "go back", "jump"])
def test_the_timeout_does_not_depend_on_clocks(path, monkeypatch, step):
    """Guards: naps are added up, and no clock is read. Test tools replace the functions of the module time. A timeout by such
    a clock would never end, or end too early."""
    now, naps, nap = [1000.0], [], seedfile.select

    def tick():
        now[0] += step
        return now[0]

    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, tick)
        monkeypatch.setattr(time, name + "_ns", lambda: int(tick() * 1e9))
    monkeypatch.delattr(time, "sleep")
    monkeypatch.setattr(seedfile, "select", lambda *arguments: (naps.append(arguments[3]), nap(*arguments)))
    with lock(path):
        with pytest.raises(TimeoutError):
            seedfile.save(path, timeout=0.2)
    assert sum(naps) == pytest.approx(0.2)


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


def test_under_any_umask(tmp_path):
    """The next call must be able to open what this one has made."""
    old = os.umask(0o777)
    try:
        assert seedfile.save(tmp_path / "seed") == seedfile.load(tmp_path / "seed") == 64
    finally:
        os.umask(old)
    assert {(tmp_path / name).stat().st_mode & 0o7777 for name in os.listdir(tmp_path)} == {0o600}


class System:
    """A module whose functions are counted, and of which one raises."""

    def __init__(self, module, functions, calls):
        self._module, self._functions, self._calls = module, functions, calls

    def __getattr__(self, name):
        value = getattr(self._module, name)
        if name not in self._functions:
            return value

        def function(*arguments, **options):
            self._calls.append(name)
            if len(self._calls) == self._calls.raises:
                raise ZeroDivisionError
            return value(*arguments, **options)

        return function


class Calls(list):
    raises = 0


@once
@pytest.mark.parametrize("name", ALL)
def test_python_interrupted_at_any_call(path, monkeypatch, name):
    """A signal's handler may raise at any moment, as Control-C's does. The file is then the old one or the new one, and
    neither a descriptor, the lock nor the new file is left behind."""
    import fcntl

    calls = Calls()
    functions = {"open", "fstat", "stat", "read", "write", "fsync", "fchmod", "rename", "unlink"}
    monkeypatch.setattr(_seedfile, "os", System(os, functions, calls))
    monkeypatch.setattr(_seedfile, "fcntl", System(fcntl, {"flock"}, calls))
    descriptors = os.listdir("/proc/self/fd")
    for calls.raises in range(1, 100):
        calls.clear()
        before = path.read_bytes()
        try:
            getattr(seedfile, name)(path, timeout=0)
        except ZeroDivisionError:
            changed = path.read_bytes() != before
            assert changed == ("rename" in calls[: calls.raises - 1]), calls
        else:
            break
        assert sorted(os.listdir(path.parent)) == ["seed", "seed.lock"], calls
        assert os.listdir("/proc/self/fd") == descriptors, calls
    assert len(calls) > 10 and calls.raises > len(calls)


@once
def test_python_gives_the_lock_back_whoever_has_a_copy(path, monkeypatch):
    """A child of a raw fork during a call has copies of the descriptors, so closing them would unlock nothing."""
    copies = []

    def opened(*arguments, **options):
        fd = os.open(*arguments, **options)
        copies.append(os.dup(fd))
        return fd

    system = System(os, set(), Calls())
    system.open = opened
    monkeypatch.setattr(_seedfile, "os", system)
    try:
        for name in ALL:
            assert getattr(seedfile, name)(path, timeout=0) == 64
    finally:
        for fd in copies:
            os.close(fd)


@once
@pytest.mark.parametrize("name", ALL)
def test_python_syncs(path, monkeypatch, name):
    """The new file is on the disk before it gets its name, and the folder before the call returns. TestSynced in
    gorandom/seedfile checks that for the core."""
    order = []

    def written(fd, data):
        order.append(("write", os.fstat(fd).st_ino))
        return os.write(fd, data)

    def synced(fd):
        order.append(("fsync", os.fstat(fd).st_ino))

    def renamed(old, new, **folders):
        order.append(("rename", os.stat(path.parent / os.fsdecode(old)).st_ino))
        os.rename(old, new, **folders)

    system = System(os, set(), Calls())
    system.write, system.fsync, system.rename = written, synced, renamed
    monkeypatch.setattr(_seedfile, "os", system)
    assert getattr(seedfile, name)(path) == 64
    new, folder = path.stat().st_ino, path.parent.stat().st_ino
    assert order == [("write", new), ("fsync", new), ("rename", new), ("fsync", folder)]


@once
def test_python_replaced_while_read(path, monkeypatch):
    """After this call opened the file, another call has used and replaced it. TestReplacedWhileRead in gorandom/seedfile
    checks that for the core."""
    locks = []

    def locked(fd):
        locks.append(fd)
        if len(locks) == 2:  # the lock of the seed itself
            (path.parent / "other").write_bytes(path.read_bytes())
            os.chmod(path.parent / "other", 0o600)
            os.rename(path.parent / "other", path)
        take(fd)

    take = _seedfile._lock
    monkeypatch.setattr(_seedfile, "_lock", locked)
    with pytest.raises(TimeoutError, match="locked by another process"):
        seedfile.load(path, timeout=0)
    assert seedfile.load(path, timeout=0) == 64


DESCRIPTORS = """
import os, sys, gorandom
from gorandom import seedfile
gorandom.get_random_bytes(1)
before = os.listdir("/proc/self/fd")
seedfile.save(sys.argv[1]); seedfile.load(sys.argv[1]); seedfile.refresh(sys.argv[1])
assert os.listdir("/proc/self/fd") == before
"""


def test_no_first_descriptor(python, tmp_path, start):
    """Go's package os leaves an epoll and an event descriptor behind after its first file."""
    python(DESCRIPTORS, tmp_path / "seed", start=start)


@needs_core
@once
def test_loaded_without_a_core(python, path):
    """The seed reaches the core that starts later. A process whose core cannot be entered is served too."""
    python(PROGRAMS / "seedfile_direct.py", path, start="never")


# From the seed bytes(range(64)) and the fresh bytes 64 to 127. TestDerived in gorandom/seedfile has the same digests.
DERIVED_NEXT = "494f301e4bf8029cd9aa92a07e9e69619961b1facc0ca4c01503e09bf237aa99"
DERIVED_EVENTS = "4b57ed3dc4a787d8691ae306cbb053e375647f927c4be9ac4c53919f845b1bc4"


@once
def test_derived(path):
    """Guards the mixing: two engines that read and write the same file could still derive different values from it."""
    path.write_bytes(_seedfile.encode(bytes(range(64))))
    assert _seedfile.renew(os.fsencode(path), bytes(range(64, 128))) == bytes(range(64))
    assert hashlib.sha256(_seedfile.decode(path.read_bytes())).hexdigest() == DERIVED_NEXT
    assert hashlib.sha256(b"".join(_seedfile.events(bytes(range(64))))).hexdigest() == DERIVED_EVENTS


GOOD = _seedfile.encode(bytes(range(64)))
CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.integers(0, len(GOOD)).map(lambda n: GOOD[:n] + bytes(len(GOOD) - n)),
    st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)).map(
        lambda change: GOOD[: change[0]] + bytes([GOOD[change[0]] ^ change[1]]) + GOOD[change[0] + 1 :]
    ),
)
MODES = st.one_of(st.just(0o600), st.integers(0, 0o777).map(lambda mode: mode | 0o600))
KINDS = st.sampled_from(["file", "file", "file", "link", "second name", "folder", "fifo", "socket", "none", "no folder"])
SUFFIXES = st.sampled_from(["", "", "", "/", "/.", "/..", "x" * 250, "x" * 4200])


IN_CORE = seedfile._in_core


def answer(engine, name, make):
    """Return what a call answers, and what the folder contains afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seedfile, "_in_core", IN_CORE)
        use(engine, patch)
        folder, path = make()
        try:
            said = getattr(seedfile, name)(path, timeout=0)
        except Exception as error:
            said = type(error), str(error).replace(folder, ""), getattr(error, "errno", None)
            said += (os.fspath(getattr(error, "filename", "") or "").replace(folder, ""),)
        found = {}
        for entry in sorted(os.listdir(folder)):
            status = os.lstat(f"{folder}/{entry}")
            found[entry] = status.st_mode, status.st_size, status.st_nlink
        return said, found


@needs_core
@once
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ALL), CONTENTS, MODES, KINDS, SUFFIXES)
@example("load", GOOD, 0o600, "file", "")
@example("save", b"", 0o644, "file", "")
@example("load", GOOD, 0o600, "second name", "")
@example("save", GOOD, 0o600, "second name", "")
@example("load", GOOD, 0o600, "socket", "")
def test_both_say_the_same(tmp_path_factory, name, content, mode, kind, suffix):
    def make():
        folder = str(tmp_path_factory.mktemp("same"))
        path = target = f"{folder}/seed"
        if kind == "link":
            target = f"{folder}/target"
            os.symlink("target", path)
        if kind == "folder":
            os.mkdir(path)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(path)
        elif kind not in ("none", "no folder"):
            with open(target, "wb") as file:
                file.write(content)
            os.chmod(target, mode)
        if kind == "second name":
            os.link(target, f"{folder}/second")
        return folder, (f"{folder}/none/seed" if kind == "no folder" else path) + suffix

    said = {engine: answer(engine, name, make) for engine in ENGINES}
    assert said["core"] == said["python"]


RACE = """
import sys
from gorandom import seedfile
for i in range(40):
    (seedfile.load, seedfile.refresh, seedfile.save)[i % 3](sys.argv[1], timeout=60)
"""


def test_processes_at_once(path):
    """Some have a core, others don't."""
    racers = [
        subprocess.Popen([sys.executable, "-c", RACE, path], env={**os.environ, "GORANDOM_START": start})
        for start in ("auto", "never", "auto", "never")
    ]
    assert [racer.wait(60) for racer in racers] == [0] * 4
    assert seedfile.load(path) == 64


FOREVER = """
import sys
from gorandom import seedfile
print("ready", flush=True)
while True:
    seedfile.save(sys.argv[1])
    seedfile.load(sys.argv[1])
"""


def test_killed_at_any_moment(path, start):
    """After each death the file is whole, the lock is free, and only the next call's own files are there."""
    for i in range(15):
        child = subprocess.Popen(
            [sys.executable, "-c", FOREVER, path], stdout=subprocess.PIPE, env={**os.environ, "GORANDOM_START": start}
        )
        child.stdout.readline()
        time.sleep(i * 0.0013)
        child.kill()
        child.wait()
        child.stdout.close()
        assert seedfile.load(path, timeout=5) == 64
        assert sorted(os.listdir(path.parent)) == ["seed", "seed.lock"]


def test_forks_during_calls(python, path, start):
    python(PROGRAMS / "seedfile_forks.py", path, flags=["-W", "ignore"], start=start)


def test_in_a_child_under_each_start(python, path):
    program = (
        "import os, sys, gorandom\nfrom gorandom import seedfile\n"
        "seedfile.load(sys.argv[1])\n"
        "child = os.fork()\n"
        "if not child: os._exit(0 if seedfile.load(sys.argv[1]) == 64 else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    for start in ("auto", "eager", "never"):
        python(program, path, start=start)


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="needs a user who is not root, or setpriv")
def test_read_only_folder(tmp_path, start):
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
                capture_output=True, text=True, timeout=60, env={**os.environ, "GORANDOM_START": start},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        assert (folder / "seed").read_bytes() == before
    finally:
        folder.chmod(0o755)
