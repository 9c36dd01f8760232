"""gorandom.compat.m2crypto has the names, results and errors of M2Crypto.Rand."""

import array
import ctypes
import errno
import io
import os
import ssl  # noqa: F401  (loads the libcrypto that the files are compared with)
import struct

import pytest
from _forks import PROGRAMS
from gorandom.compat import m2crypto

import gorandom

NAMES = ["rand_seed", "rand_add", "load_file", "save_file", "rand_bytes", "rand_pseudo_bytes", "rand_file_name", "rand_status"]


def test_names():
    assert sorted(m2crypto.__all__) == sorted(NAMES)
    assert all(getattr(m2crypto, name).__doc__ for name in NAMES)
    assert issubclass(m2crypto.RandError, ValueError)


@pytest.mark.parametrize("n", [0, 1, 16, 4097, True])
def test_bytes(n):
    data = m2crypto.rand_bytes(n)
    assert type(data) is bytes and len(data) == n
    data, good = m2crypto.rand_pseudo_bytes(n)
    assert type(data) is bytes and len(data) == n and good == 1
    assert m2crypto.rand_bytes(16) != m2crypto.rand_bytes(16) != m2crypto.rand_pseudo_bytes(16)[0]


@pytest.mark.parametrize("name", ["rand_bytes", "rand_pseudo_bytes"])
def test_no_number_of_bytes(name):
    function = getattr(m2crypto, name)
    for bad in (1.0, "1", b"1", None):
        with pytest.raises(TypeError, match=f"^in method '{name}', argument 1 of type 'int'$"):
            function(bad)
    for bad in (1 << 31, -(1 << 31) - 1, 1 << 70):
        with pytest.raises(OverflowError, match=f"^in method '{name}', argument 1 of type 'int'$"):
            function(bad)
    for bad in (-1, -(1 << 31)):
        with pytest.raises(MemoryError, match=f"^Insufficient memory for {name}.$"):
            function(bad)


def test_no_randomness(monkeypatch):
    def refuse(n):
        raise OSError

    monkeypatch.setattr(m2crypto, "get_random_bytes", refuse)
    monkeypatch.setattr(m2crypto, "urandom", refuse)
    for function in (m2crypto.rand_bytes, m2crypto.rand_pseudo_bytes):
        with pytest.raises(m2crypto.RandError, match="^Not enough randomness.$"):
            function(1)
    assert m2crypto.rand_status() == 0


def test_status():
    assert m2crypto.rand_status() == 1


@pytest.mark.parametrize("data", [b"x", b"", b"x" * 5000, bytearray(b"x"), memoryview(b"x"), array.array("d", [1.5])])
def test_seed_and_add(data):
    assert m2crypto.rand_seed(data) is None
    for entropy in (0.5, -0.5, 5000.0, 1):
        assert m2crypto.rand_add(data, entropy) is None


def test_no_seed():
    for bad in ("text", 1, None):
        with pytest.raises(TypeError, match="bytes-like object is required"):
            m2crypto.rand_seed(bad)
        with pytest.raises(TypeError):
            m2crypto.rand_add(bad, 1.0)
    for bad in ("1", None, b"1"):
        with pytest.raises(TypeError, match="^in method 'rand_add', argument 2 of type 'double'$"):
            m2crypto.rand_add(b"x", bad)
    with pytest.raises(TypeError):
        m2crypto.rand_add(b"x")


@pytest.mark.parametrize("mode", ["core", "direct"])
def test_what_is_added_arrives(python, tmp_path, mode):
    """Each call adds an event, and each 1024 bytes of a file another. Before there is a core they are kept."""
    if gorandom.status().core_version is None:
        pytest.skip("no core's library here")
    (tmp_path / "file").write_bytes(b"x" * 3000)
    events = int(python(PROGRAMS / "m2crypto_events.py", tmp_path / "file", mode, start="auto"))
    assert 5 <= events - (32 if mode == "direct" else 0) < 10


def openssl():
    try:
        libcrypto = ctypes.CDLL("libcrypto.so.3")
    except OSError:
        pytest.skip("no libcrypto.so.3 to compare with")
    libcrypto.RAND_load_file.argtypes = [ctypes.c_char_p, ctypes.c_long]
    return libcrypto


@pytest.mark.parametrize("n", [0, 1, 1023, 1024, 1025, 5000])
@pytest.mark.parametrize("most", [-1, -2, 0, 1, 1024, 3000, 10000])
def test_load_file_as_openssl(tmp_path, n, most):
    path = tmp_path / "file"
    path.write_bytes(b"s" * n)
    path.chmod(0o644)  # any readable file
    expected = n if most < 0 else min(n, most)
    assert m2crypto.load_file(str(path), most) == m2crypto.load_file(os.fsencode(path), most) == expected
    # For a regular file OpenSSL also reads none: it can't tell an empty file from no limit there.
    assert openssl().RAND_load_file(os.fsencode(path), most) == expected


@pytest.mark.parametrize("path, most", [("/nothing/here", -1), ("/nothing/here", 0), ("/dev/zero", -1), ("/dev/zero", 3000), ("/", 5)])
def test_load_odd_files_as_openssl(path, most):
    assert m2crypto.load_file(path, most) == openssl().RAND_load_file(path.encode(), most)


def test_load_through_a_link(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 10)
    (tmp_path / "link").symlink_to("file")
    assert m2crypto.load_file(str(tmp_path / "link"), -1) == 10


def test_save_and_load(tmp_path):
    path = tmp_path / "file"
    assert m2crypto.save_file(str(path)) == 1024
    first = path.read_bytes()
    assert path.stat().st_mode & 0o7777 == 0o600 and len(first) == 1024
    path.chmod(0o644)
    assert m2crypto.save_file(os.fsencode(path)) == 1024
    assert path.read_bytes() != first and path.stat().st_mode & 0o7777 == 0o600
    assert m2crypto.load_file(str(path), -1) == 1024
    (tmp_path / "link").symlink_to("file")
    assert m2crypto.save_file(str(tmp_path / "link")) == 1024
    assert sorted(os.listdir(tmp_path)) == ["file", "link"] and (tmp_path / "link").is_symlink()


def test_save_fails(tmp_path):
    assert m2crypto.save_file(str(tmp_path / "none" / "file")) == -1
    assert m2crypto.save_file(str(tmp_path)) == -1
    os.mkfifo(tmp_path / "fifo")  # not one of this machine's devices: a mistake would replace it
    assert m2crypto.save_file(str(tmp_path / "fifo")) == -1
    assert os.listdir(tmp_path) == ["fifo"] and not os.path.isfile(tmp_path / "fifo")


def test_save_fails_in_the_middle(tmp_path, monkeypatch):
    """The old file stays, and nothing is left beside it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(fd):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert m2crypto.save_file(str(path)) == -1
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_no_files(tmp_path):
    for bad in (None, 1, 1.0, tmp_path):
        with pytest.raises(TypeError, match="^in method 'rand_load_file', argument 1 of type 'char const \\*'$"):
            m2crypto.load_file(bad, -1)
        with pytest.raises(TypeError, match="^in method 'rand_save_file', argument 1 of type 'char const \\*'$"):
            m2crypto.save_file(bad)
    for bad in (None, 1.0, "1"):
        with pytest.raises(TypeError, match="^in method 'rand_load_file', argument 2 of type 'long'$"):
            m2crypto.load_file("x", bad)
    with pytest.raises(OverflowError, match="argument 2 of type 'long'"):
        m2crypto.load_file("x", 1 << 70)
    for function in (m2crypto.save_file, lambda p: m2crypto.load_file(p, -1)):
        with pytest.raises(ValueError, match="embedded null byte"):
            function("a\0b")


FILE_NAME = "from gorandom.compat import m2crypto\ntry: print(m2crypto.rand_file_name())\nexcept RuntimeError as e: print('error', e)"


def test_file_name(python, monkeypatch):
    monkeypatch.delenv("RANDFILE", raising=False)
    assert python(FILE_NAME, env={"HOME": "/home/x"}) == "/home/x/.rnd\n"
    assert python(FILE_NAME, env={"HOME": "/home/x", "RANDFILE": "/a/b"}) == "/a/b\n"
    assert python(FILE_NAME, env={"HOME": "/home/x", "RANDFILE": ""}) == "/home/x/.rnd\n"
    assert python(FILE_NAME, env={"HOME": ""}) == "error rand_file_name\n"


def test_file_name_after_gaining_privileges(monkeypatch):
    monkeypatch.setenv("RANDFILE", "/a/b")
    assert m2crypto.rand_file_name() == "/a/b"
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(RuntimeError, match="^rand_file_name$"):
        m2crypto.rand_file_name()


@pytest.mark.parametrize(
    "words, ignored",
    [([6, 4096, 23, 0, 0, 0], False), ([6, 4096, 23, 1, 0, 0], True), ([23, 4096, 0, 0], True), ([6, 23, 0, 0], False),
     (PermissionError("hidden"), True), (FileNotFoundError("no /proc"), False)],
)  # fmt: skip
def test_file_name_after_gaining_capabilities(monkeypatch, words, ignored):
    """The kernel tells a program that it gained privileges (AT_SECURE, 23), or hides auxv from it."""

    def opened(name, mode):
        assert name == "/proc/self/auxv"
        if isinstance(words, Exception):
            raise words
        return io.BytesIO(struct.pack(f"{len(words)}N", *words))

    monkeypatch.setenv("RANDFILE", "/a/b")
    monkeypatch.setattr(m2crypto, "open", opened, raising=False)
    if ignored:
        with pytest.raises(RuntimeError, match="^rand_file_name$"):
            m2crypto.rand_file_name()
    else:
        assert m2crypto.rand_file_name() == "/a/b"
