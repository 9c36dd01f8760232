"""gorandom.compat.osrandom: cryptography's osrandom engine. Which sources exist, which one is used, and why."""

import dataclasses
import errno
import inspect
import os
import pathlib
import subprocess
import sys

import pytest
from _forks import PROGRAMS, build_tool
from conftest import SOURCE

import gorandom

NOISE = pathlib.Path(__file__).parent / "noise"
sys.path.insert(0, str(NOISE))
import confine  # noqa: E402
from gorandom.compat import osrandom  # noqa: E402

seccomp = pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")

ENGINE = ["activate_builtin_random", "activate_osrandom_engine", "osrandom_engine_implementation"]


def test_public_names():
    assert sorted(osrandom.__all__) == sorted(ENGINE + ["SYSTEMS", "Source", "implementation", "order", "sources"])
    for name in osrandom.__all__:
        if name != "SYSTEMS":
            assert inspect.getdoc(getattr(gorandom.compat.osrandom, name))


@pytest.mark.parametrize(
    "system, names",
    [
        ("linux", ("getrandom", "/dev/urandom")),
        ("darwin", ("getentropy", "/dev/urandom")),
        ("freebsd14", ("getentropy", "/dev/urandom")),
        ("openbsd7", ("getentropy", "/dev/urandom")),
        ("win32", ("CryptGenRandom",)),
    ],
)
def test_order(system, names):
    """The order and the names are those of cryptography's documentation of the osrandom engine."""
    assert osrandom.order(system) == osrandom.order(system=system) == names


def test_order_of_all_systems():
    assert osrandom.SYSTEMS == ("linux", "darwin", "freebsd", "openbsd", "win32")
    assert {name for system in osrandom.SYSTEMS for name in osrandom.order(system)} == {
        "getrandom", "/dev/urandom", "getentropy", "CryptGenRandom"}  # fmt: skip
    assert osrandom.order() == osrandom.order(None) == osrandom.order(sys.platform)


@pytest.mark.parametrize("system", ["", "plan9", "Linux", "my-linux"])
def test_unknown_system(system):
    with pytest.raises(ValueError, match="^no sources are known for "):
        osrandom.order(system)


@pytest.mark.parametrize("system", [1, b"linux", ["linux"]], ids=repr)
def test_no_system(system):
    with pytest.raises(TypeError, match="^system must be a str$"):
        osrandom.order(system)


def test_source_is_frozen():
    source = osrandom.sources()[0]
    assert [field.name for field in dataclasses.fields(source)] == ["name", "serves", "reason"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        source.serves = False


@pytest.mark.native("mode but the system's")
@pytest.mark.skipif(sys.platform != "linux", reason="says what Linux answers")
def test_here(python, start_mode):
    python("""
import gorandom, gorandom.compat.osrandom as s
found = s.sources()
assert type(found) is tuple and tuple(x.name for x in found) == s.order()
assert [x.serves for x in found] == [True, False], found
assert found[0].reason == "it is the first, and it answers"
assert found[1].reason == "not asked: getrandom answers; and would step in where getrandom is refused (ENOSYS, EPERM)"
assert s.implementation() == s.osrandom_engine_implementation() == "getrandom" == gorandom.status().implementation
""", start=start_mode)


REFUSED = """
import errno, os, sys
import confine, gorandom, gorandom.compat.osrandom as s
if sys.argv[2] == "after":
    gorandom.get_random_bytes(5000)
confine.refuse("getrandom", getattr(errno, sys.argv[1]))
for _ in range(20):
    gorandom.get_random_bytes(1000)
print(s.implementation())
for source in s.sources(): print(source.serves, source.reason)
"""


@pytest.mark.native("mode but the system's")
@seccomp
@pytest.mark.parametrize("name", ["ENOSYS", "EPERM"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_getrandom_refused(python, name, when):
    """The device is used instead, and its descriptor kept. The first source says why it is not used."""
    lines = python(REFUSED, name, when, start="never", env={"PYTHONPATH": NOISE}).splitlines()
    assert lines[0] == "/dev/urandom"
    assert lines[1].startswith(f"False {name}: ") and lines[2].startswith("True getrandom is refused; ")
    assert len(lines) == 3


@seccomp
def test_nothing_serves(python):
    """Another error of getrandom is an error, and no reason to try another source."""
    done = python("""
import errno, confine, gorandom.compat.osrandom as s
confine.refuse("getrandom", errno.EIO)
for call in (s.implementation, s.sources, s.osrandom_engine_implementation):
    try: call()
    except BlockingIOError: raise
    except OSError as e: assert e.errno == errno.EIO
    else: raise AssertionError(call)
""", env={"PYTHONPATH": NOISE})
    assert done == ""


@seccomp
def test_not_ready(python):
    """PEP 522: the error comes at once, and differs from that of a missing source."""
    python("""
import errno, confine, gorandom.compat.osrandom as s
confine.refuse("getrandom", errno.EAGAIN)
for call in (s.implementation, s.sources):
    try: call()
    except BlockingIOError as e: assert str(e) == "system random number generator is not ready"
    else: raise AssertionError(call)
""", env={"PYTHONPATH": NOISE})


@seccomp
def test_the_descriptor_is_kept(python):
    """All draws use one descriptor of /dev/urandom. If it was closed or replaced by another file, the device is opened again
    and the other file is left alone. The engine checks that by st_dev and st_ino."""
    python(PROGRAMS / "osrandom_descriptor.py", start="never", env={"PYTHONPATH": NOISE})


@pytest.mark.native("device that the front reads by itself: os.urandom does")
def test_reason_of_a_device_that_is_none(monkeypatch):
    monkeypatch.setattr(os, "stat", lambda path: os.lstat(__file__))
    assert osrandom.sources()[1].reason == (
        "not asked: getrandom answers; and could not step in: /dev/urandom is not the device 1:9"
    )

    def missing(path):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)

    monkeypatch.setattr(os, "stat", missing)
    assert "could not step in: [Errno 2] No such file or directory: '/dev/urandom'" in osrandom.sources()[1].reason


@pytest.mark.native("callback for OpenSSL")
def test_a_program_for_cryptographys_backend(python):
    """It makes the program's calls, with another import."""
    pytest.importorskip("ssl", reason="this interpreter has no ssl")
    python("""
from gorandom.compat import osrandom as backend
import ssl, gorandom.openssl
assert backend.activate_osrandom_engine() is None
assert gorandom.openssl.active() and len(ssl.RAND_bytes(16)) == 16
assert backend.osrandom_engine_implementation() == "getrandom"
assert backend.activate_builtin_random() is None
assert not gorandom.openssl.active()
""")


@pytest.mark.once
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
@pytest.mark.parametrize("system", ["linux", "darwin", "freebsd", "openbsd", "windows"])
def test_each_system_has_its_source(system, architecture, tmp_path):
    """Each system has its source of the kernel's bytes, and only that (make test-go builds them all). A program for macOS or
    OpenBSD imports its C library's getentropy, without cgo."""
    if not (SOURCE / "go.mod").exists():
        pytest.skip("needs the source beside these tests")
    (go,) = build_tool("go")
    environment = {**os.environ, "GOOS": system, "GOARCH": architecture, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly",
                   "GOWORK": "off", "GOTOOLCHAIN": "local"}  # fmt: skip
    done = subprocess.run([go, "list", "-f", "{{.GoFiles}}", "./gorandom/entropy"], cwd=SOURCE, env=environment,
                          text=True, capture_output=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    kernel = [f"kernel_{system}.go"]
    if system in ("darwin", "openbsd"):
        kernel.append("kernel_getentropy.go")
    assert sorted(name for name in done.stdout.strip("[]\n").split() if name.startswith("kernel_")) == sorted(kernel)
    if len(kernel) == 2:
        program = tmp_path / "program"
        done = subprocess.run([go, "test", "-c", "-o", program, "./tests/go/entropy"], cwd=SOURCE, env=environment,
                              text=True, capture_output=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert (b"\0_getentropy\0" if system == "darwin" else b"\0getentropy\0") in program.read_bytes()
