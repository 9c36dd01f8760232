"""Python files and libraries of different versions are refused at import, with a one-sentence message."""

import os
import shutil
import struct

import pytest

import gorandom

TRY = """
import sys
sys.path.insert(0, sys.argv[1])
try:
    import gorandom
    print("imported from", gorandom.__file__)
except ImportError as e:
    print(e)
"""


@pytest.fixture
def copy(tmp_path, package_folder):
    """Return a copy of the installed package in a folder of its own."""
    shutil.copytree(package_folder, tmp_path / "copy" / "gorandom", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy" / "gorandom"


def test_an_untouched_copy_works(python, copy):
    assert python(TRY, copy.parent).strip() == f"imported from {copy / '__init__.py'}"


@pytest.mark.native("library that could be of another version")
def test_other_python_files(python, copy):
    (copy / "_version.py").write_text('__version__ = "9.9.9"\n')
    assert python(TRY, copy.parent).strip() == (
        f"gorandom's Python files are version 9.9.9 and its libraries {gorandom.__version__}: install it again"
    )


def table(library):
    """Return (offset in the file of the core's table, offset of its version's text). Reads only as much of ELF as it needs."""
    data = library.read_bytes()

    def sections(kind):
        start, size, count = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 58)
        for i in range(count):
            header = struct.unpack_from("<IIQQQQIIQQ", data, start + size * i)
            if header[1] == kind:
                yield header

    def offset(address):
        segments, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
        for i in range(count):
            kind, _, at, virtual, _, length = struct.unpack_from("<IIQQQQ", data, segments + size * i)
            if kind == 1 and virtual <= address < virtual + length:
                return at + address - virtual
        raise AssertionError("no segment holds %#x" % address)

    (symbols,) = sections(11)  # SHT_DYNSYM
    (names, *_) = [s for s in sections(3)]  # SHT_STRTAB: .dynstr comes first
    for at in range(symbols[4], symbols[4] + symbols[5], 24):
        name, _, _, _, address, _ = struct.unpack_from("<IBBHQQ", data, at)
        if data[names[4] + name :].startswith(b"gorandom_core\0"):
            break
    else:
        raise AssertionError("no symbol gorandom_core")
    for relocations in sections(4):  # SHT_RELA
        for at in range(relocations[4], relocations[4] + relocations[5], 24):
            where, _, addend = struct.unpack_from("<QQq", data, at)
            if where == address + 8:  # struct gorandom_core: abi, version
                return offset(address), offset(addend)
    raise AssertionError("the table's version is not relocated")


def overwrite(path, at, text):
    """Write a new file, because the old one may be mapped."""
    data = bytearray(path.read_bytes())
    data[at : at + len(text)] = text
    path.unlink()
    path.write_bytes(data)


@pytest.mark.native("library that could be of another version")
@pytest.mark.parametrize("what", ["version", "table"])
def test_another_library(python, copy, what):
    library = copy / "libgorandom.core.so"
    abi, version = table(library)
    assert library.read_bytes()[version:].startswith(gorandom.__version__.encode() + b"\0")
    if what == "version":
        overwrite(library, version, b"9" * len(gorandom.__version__))
    else:
        overwrite(library, abi, struct.pack("<I", 999))
    assert python(TRY, copy.parent).strip() == "gorandom's libraries are of different versions: install it again"


DIRECT = """
import sys
sys.path.insert(0, sys.argv[1])
import gorandom
drawn = {gorandom.get_random_bytes(16), gorandom.get_random_bytes(5000)[:16], gorandom.urandom(16)}
assert len(drawn) == 3
gorandom.reseed()
gorandom.add_event(b"x")
s = gorandom.status()
print(s.mode, s.core_version, s.reason, sep="|")
"""


@pytest.mark.native("library that could be of another version")
@pytest.mark.parametrize("how", ["missing", "empty", "no ELF"])
def test_a_library_that_cannot_be_loaded(python, copy, how):
    """As on a system for which there is no core: direct mode for good, and status() gives the reason."""
    library = copy / "libgorandom.core.so"
    data = library.read_bytes()
    library.unlink()
    if how != "missing":
        library.write_bytes({"empty": b"", "no ELF": b"#!" + data[2:]}[how])
    mode, version, reason = python(DIRECT, copy.parent).strip().split("|")
    assert (mode, version) == ("direct", "None")
    assert reason.startswith("the core's library cannot be loaded: ") and os.fspath(library) in reason


@pytest.mark.native("library that could be of another version")
def test_imports_that_failed_do_no_harm(python, copy):
    """Guards that each step of the initialisation is done once. Fork handlers that were registered twice took a lock twice,
    and the next fork hung."""
    overwrite(copy / "libgorandom.core.so", table(copy / "libgorandom.core.so")[0], struct.pack("<I", 999))
    program = TRY + TRY + """
import os
pid = os.fork()
if pid == 0:
    os._exit(0)
print(os.waitpid(pid, 0)[1])
"""
    assert python(program, copy.parent).split("\n")[2] == "0"
