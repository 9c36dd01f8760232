"""python -m gorandom selftest passes here. Each of its checks can fail, and then its row gives the reason."""

import errno
import hashlib
import hmac
import json
import os
import pty
import re
import shutil
import sys

import pytest
from _forks import NOISE
from conftest import PURE
from gorandom._cli import selftest as _selftest

import gorandom

sys.path.append(str(NOISE))
import confine  # noqa: E402

needs_core = pytest.mark.skipif(
    gorandom._front.state()["core_version"] is None, reason="no core can be had here: " + gorandom.status().reason
)
gorandom.get_random_bytes(1)
KERNELS = _selftest.kernels()


def needing_core(kernels):
    return [*(f"AES {name}" for name in kernels), "HMAC in the core", "reseed"]


CORE = needing_core(KERNELS)
ALL = needing_core(gorandom._front.KERNELS)  # only a core knows which of them the processor has
NAMES = ["files", "sources", "SHAd256", "Fortuna", "Fortuna's pools", *CORE[:-2], "HMAC", "HMAC in the core",
         "HMAC in pieces", "HMAC Key", "compare_digest", "draws", "numbers", "reseed", "wipe", "fork", "nested fork", "clone(2)", "threads", "multiprocessing", "start auto",
         "start eager", "start never", "seed file"]  # fmt: skip

PROGRAM = """
import sys
import gorandom.__main__
from gorandom import _front
from gorandom._cli import selftest as _selftest
%s
sys.exit(gorandom.__main__.main(["selftest"]))
"""


class Table:
    """The printed table: heading, {name: (result, all that its row says)}, and the last line."""

    def __init__(self, done):
        assert done.stderr == "", done.stderr
        self.status, self.text = done.returncode, done.stdout
        self.heading, rows, self.end = done.stdout.rstrip("\n").split("\n\n")
        self.rows = {}
        for line in rows.splitlines()[1:]:
            if line[:17].strip():
                name = line[:17].strip()
                result = "not here" if line[17:].startswith("not here: ") else re.search(r" (ok|FAILED) +\d+\.\d$", line)[1]
                self.rows[name] = (result, line[17:])
            else:
                self.rows[name] = (result, self.rows[name][1] + " " + line.strip())
        self.failed = [name for name, row in self.rows.items() if row[0] == "FAILED"]
        self.not_here = [name for name, row in self.rows.items() if row[0] == "not here"]


@pytest.fixture
def selftest(python):
    """selftest("_selftest.PATIENCE = 1") returns the Table that it prints with that line before it."""

    def run(patch="", **options):
        return Table(python(PROGRAM % patch, ends=None, **options))

    return run


@needs_core
def test_passes(selftest):
    table = selftest()
    assert table.status == 0, table.text
    # A system with musl's HMAC or a kernel without MADV_WIPEONFORK shows rows as "not here". This system has none.
    assert list(table.rows) == NAMES and not table.failed, table.text
    assert set(table.not_here) <= {"wipe", "clone(2)"}
    assert re.fullmatch(r"\d+ passed(, \d not here)?, in \d+\.\d\d s", table.end)


@needs_core
def test_heading(selftest, package_folder):
    heading = selftest().heading
    assert heading.startswith(f"gorandom {gorandom.__version__}, CPython ") and f"package in {package_folder}" in heading
    assert "mode core, keystream " in heading and "bytes from getrandom" in heading


def test_is_plain_text_of_80_columns(selftest):
    table = selftest('_selftest.SHAD256 = ()\ngorandom.get_random_bytes(1); _selftest.MODES["auto"] = ("direct",) * 4')
    lines = table.text.splitlines()
    assert all(len(line) <= 80 for line in lines if not line.startswith("package in ")), table.text
    assert table.text.isascii() and "\033" not in table.text and "..." not in table.text
    rows = [line for line in lines if line.endswith(tuple("0123456789"))]
    assert len({len(line) for line in rows if line[:1].strip() and re.search(r"(ok|FAILED) +\d+\.\d$", line)}) == 1


@pytest.mark.native("direct mode")
def test_without_a_core(selftest):
    """In direct mode, rows that need a core are "not here", with the reason, and that is no failure."""
    table = selftest(start="never")
    assert table.status == 0, table.text
    # A new interpreter with another start mode has a core.
    assert set(table.not_here) - {"wipe", "clone(2)"} == set(ALL)
    for name in ALL:
        assert table.rows[name][1] == 'not here: start is "never"'
    assert table.rows["Fortuna"][1].startswith("PyCrypto's vectors of the generator, in Python")
    assert re.match(rf"{len(table.rows) - len(table.not_here)} passed, {len(table.not_here)} not here, in ", table.end)


@pytest.mark.native("direct mode")
def test_in_a_process_that_gets_no_core(selftest):
    """The rows of the start modes are "not here" then either."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))"
    table = selftest(limit)
    assert table.status == 0, table.text
    assert set(table.not_here) - {"wipe", "clone(2)"} == {*ALL, "start auto", "start eager"}
    assert "RLIMIT_AS" in table.rows["start auto"][1] and "RLIMIT_AS" in table.rows["reseed"][1]


# ---- each check can fail ----

WRONG = """
def wrong(text):
    return ("0" if text[0] != "0" else "1") + text[1:]
"""
REPEATS = """
import random
generator = random.Random(1)
_selftest.draw = lambda: generator.randbytes(64)
"""
IN_CHILD = """
import os, signal
me, real = os.getpid(), _selftest.draw
_selftest.draw = lambda: real() if os.getpid() == me else %s
"""
FAILURES = [
    ("_selftest.SHAD256 = (*_selftest.SHAD256[:2], (b'abcd', _selftest.SHAD256[2][1]))", "SHAd256", "SHAd256 of 4 bytes is wrong"),
    ("_selftest.GENERATOR_OUTPUTS = (wrong(_selftest.GENERATOR_OUTPUTS[0]), '')", "Fortuna", "the first request is wrong"),
    ("_selftest.GENERATOR_OUTPUTS = (_selftest.GENERATOR_OUTPUTS[0], '')", "Fortuna", "the second request is wrong"),
    ("_selftest.GENERATOR_KEY = wrong(_selftest.GENERATOR_KEY)", "Fortuna", "the key after a request is wrong"),
    ("_selftest.GENERATOR_LONG = ((2**20 + 1, _selftest.GENERATOR_LONG[0][1]),)", "Fortuna", "1048577 bytes are wrong"),
    ("_selftest.ACCUMULATOR_POOL = wrong(_selftest.ACCUMULATOR_POOL)", "Fortuna's pools", "a pool's digest is wrong"),
    ("_selftest.ACCUMULATOR_OUTPUT = ''", "Fortuna's pools", "the bytes after the first reseed are wrong"),
    ("_selftest.ACCUMULATOR_KEY = ''", "Fortuna's pools", "the key after the first reseed is wrong"),
    ("_selftest.hmac.digest = lambda key, message, digest: bytes(20)", "HMAC", "HMAC with sha224 is wrong"),
    ("gorandom.hmac._NUMBERS['sha512'] = gorandom.hmac._NUMBERS['sha384']", ["HMAC", "HMAC in the core", "HMAC Key"],
     "HMAC with sha512 is wrong"),
    ("_selftest._front.hmac = lambda *a: None", "HMAC in the core", "the core did not take the call"),
    ("_selftest.hmac.new = lambda key, message, digest: gorandom.hmac.HMAC(key, b'x', digest)", "HMAC in pieces", "HMAC with sha224 is wrong"),
    ("gorandom.hmac.Key.verify = lambda *a: None", "HMAC Key", "verify() takes a wrong tag"),
    ("gorandom.hmac.Key.digests = lambda self, many: [bytes(28)] * 2", "HMAC Key", "a batch differs"),
    ("gorandom.compare_digest = lambda a, b: True", "compare_digest", "different ones are taken for equal"),
    ("gorandom.compare_digest = lambda a, b: len(a) == len(b) and a[:100] == b[:100]", "compare_digest", "different ones are taken for equal"),
    ("gorandom.compare_digest = lambda a, b: a is b", "compare_digest", "equal ones are told apart"),
    ("gorandom.fill = lambda buffer: None", "draws", "zeros stand where random bytes should"),
    ("gorandom.urandom = lambda n: bytes(range(n // 4)) * 4", "draws", "bytes came twice"),
    ("_selftest.random.shuffle = lambda x: None", "numbers", "shuffle() loses or leaves"),
    ("_selftest.secrets.randbelow = lambda n: 1", "numbers", "randbelow(3) is not 0, 1 and 2"),
    ("_selftest.uuid7 = gorandom.uuid4", "numbers", "a UUID has another version"),
    ("_selftest.osrandom.sources = lambda: ()", "sources", "0 sources serve"),
    ("gorandom.get_random_bytes(1); now = gorandom.status(); gorandom.status = lambda: now", "reseed", "reseed() was not counted"),
    (REPEATS, ["fork", "nested fork", "clone(2)", "multiprocessing"], "bytes came twice"),
    ("_selftest.draw = lambda: bytes(range(64))", ["reseed", "fork", "nested fork", "clone(2)", "threads", "multiprocessing"],
     "bytes came twice"),
    (IN_CHILD % "os.kill(os.getpid(), signal.SIGKILL)", ["fork", "clone(2)"], "a child died of signal 9"),
    (IN_CHILD % "os.kill(os.getpid(), signal.SIGKILL)", "multiprocessing", "a worker died"),
    (IN_CHILD % "1 / 0", ["fork", "nested fork", "clone(2)"], "a child failed: ZeroDivisionError: division by zero"),
    (IN_CHILD % "1 / 0", "multiprocessing", "a worker failed: ZeroDivisionError: division by zero"),
    (IN_CHILD % "b''", ["fork", "nested fork", "clone(2)"], "a child gave too few bytes"),
    ("_selftest.PATIENCE = 0.5" + IN_CHILD % "signal.pause()", ["fork", "clone(2)"], "a child hung: 0.5 s"),
    ("_selftest.PATIENCE = 0.5" + IN_CHILD % "signal.pause()", "multiprocessing", "a worker hung: 0.5 s"),
    ("""
import threading
_selftest.PATIENCE = 0.2
real, main = _selftest.draw, threading.main_thread()
_selftest.draw = lambda: real() if threading.current_thread() is main else threading.Event().wait()
""", "threads", "a thread hung, or could not draw"),
    ("_selftest.MODES['auto'] = ('core',) * 4", "start auto", "direct, core, direct, core; it should be core, core, core, core"),
    ("_selftest.LIFE = _selftest.LIFE.replace('gorandom.__file__ ==', '1 ==')", ["start auto", "start eager", "start never"],
     "a child failed: AssertionError: another gorandom: "),
    ("_selftest.LIFE = 'import os; os.abort()'", ["start auto", "start eager", "start never"], "a child died of signal 6"),
    ("_selftest.LIFE = \"print('[[\\\"direct\\\", \\\"direct\\\", \\\"direct\\\", \\\"direct\\\"], \\\"a limit\\\"]')\"",
     ["start auto", "start eager"], "it got no core: a limit"),
    ("_selftest.seedfile.load = lambda path: 64", "seed file", "a seed was left for a second use"),
    ("_selftest.seedfile.save = lambda path: 0", "seed file", "a seed has another size"),
]  # fmt: skip


@pytest.mark.once
@needs_core
@pytest.mark.parametrize("patch, names, reason", FAILURES, ids=lambda value: value if isinstance(value, str) and "\n" not in value else "")
def test_can_fail(selftest, patch, names, reason):
    """No other row fails, or the check would not say what is wrong."""
    table = selftest(WRONG + patch)
    names = [names] if isinstance(names, str) else names
    assert table.status == 1, table.text
    for name in names:
        result, says = table.rows[name]
        assert result == "FAILED" and reason in says, table.text
    forks = {"fork", "nested fork", "clone(2)", "multiprocessing"}
    # If patience is short, a busy machine also makes other rows late.
    late = {name for name, (_, says) in table.rows.items() if "PATIENCE = " in patch and "hung" in says}
    assert set(table.failed) <= set(names) | late | (forks if IN_CHILD[:60] in patch else set()), table.text
    assert table.end.startswith(f"{len(table.failed)} FAILED, ")


@pytest.mark.once
@needs_core
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("least, at", [(0, 3), (16 * 9, 16 * 41 + 2), (16 * 65, 131190)], ids=["always", "long", "wraps"])
def test_a_wrong_kernel(selftest, kernel, least, at):
    """Only the wrong kernel is named, also if it is wrong only in long runs."""
    table = selftest(f"""
real = _front.keystream
def keystream(name, key, counter, n):
    made = bytearray(real(name, key, counter, n))
    if name == {kernel!r} and n > max({least}, {at}):
        made[{at}] ^= 1
    return bytes(made)
_selftest._front.keystream = keystream
""")
    assert table.status == 1 and table.failed == [f"AES {kernel}"], table.text


@needs_core
def test_wrong_blocks(selftest):
    table = selftest("_selftest.AES_BLOCKS = (('00' * 32, *_selftest.AES_BLOCKS[0][1:]),)")
    assert table.failed == [f"AES {name}" for name in KERNELS]


@needs_core
def test_a_kernel_that_the_core_lacks(selftest):
    table = selftest("_selftest.kernels = lambda: [*_front.KERNELS[:1], 'sparc']")
    assert table.failed == ["AES sparc"] and 'the core has no kernel "sparc"' in table.rows["AES sparc"][1]


# ---- what is not here ----

NOT_HERE = [
    ("""
import os
def fork(): raise BlockingIOError(11, os.strerror(11))
_selftest.check_fork.__defaults__ = _selftest.in_child.__defaults__ = (fork,)
os.fork = fork
""", ["fork", "nested fork", "multiprocessing", "start auto", "start eager", "start never"], "a fork is refused: "),
    ("""
def start(self): raise RuntimeError("can't start new thread")
_selftest.threading.Thread.start = start
""", ["threads"], "a thread is refused: can't start new thread"),
    ("""
def folder(prefix): raise FileNotFoundError(2, "No usable temporary directory found")
_selftest.tempfile.TemporaryDirectory = folder
""", ["seed file"], "no folder can be made for it: "),
    (f"""
def save(path): raise OSError({errno.EROFS}, "Read-only file system")
_selftest.seedfile.save = save
""", ["seed file"], "it cannot be written: "),
    ("sys.executable = ''", ["start auto", "start eager", "start never"], "this process does not know its Python"),
    ("sys.modules['ctypes'] = None", ["clone(2)"], "this Python has no ctypes"),
    ("""
state = {**_front.state(), "wipes": 0}
_selftest._front = type("front", (), {**vars(_front), "state": staticmethod(lambda: state)})
""", ["wipe"], "memory is not wiped at fork"),
]  # fmt: skip


@needs_core
@pytest.mark.parametrize("patch, names, reason", NOT_HERE, ids=[row[2] for row in NOT_HERE])
def test_not_here(selftest, patch, names, reason):
    table = selftest(patch)
    assert table.status == 0, table.text
    assert set(table.not_here) == set(names), table.text
    assert all(reason in table.rows[name][1] for name in names), table.text


# ---- files ----


@pytest.fixture
def check_copy(python, site):
    def run():
        return Table(python(PROGRAM % "", env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}, ends=None))

    return run


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_copy_is_whole(check_copy, site):
    table = check_copy()
    assert table.status == 0 and f"package in {site / 'gorandom'}" in table.heading, table.text
    count = re.match(r"(\d+) have the hashes of RECORD", table.rows["files"][1])[1]
    (record,) = site.glob("*.dist-info/RECORD")
    assert int(count) == sum("sha256=" in line for line in record.read_text().splitlines()) > 60


def damage(site):
    flip(site / "gorandom" / "_front.pyi", 10)
    return "gorandom/_front.pyi is damaged"


def damage_library(site):
    flip(site / "gorandom" / "_front.abi3.so", -1)
    return "gorandom/_front.abi3.so is damaged"


def truncate(site):
    path = site / "gorandom" / "compat" / "m2crypto.py"
    path.write_bytes(path.read_bytes()[:-1])
    return "gorandom/compat/m2crypto.py is damaged"


def remove(site):
    (site / "gorandom" / "signing.py").unlink()
    return "gorandom/signing.py is missing"


def remove_several(site):
    for name in ("signing.py", "compat/m2crypto.py", "numpy.py", "openssl.py", "_front.pyi"):
        (site / "gorandom" / name).unlink()
    return "; and 2 more"


def add(site):
    (site / "gorandom" / "old.py").write_text("")
    return "gorandom/old.py is not in RECORD"


def add_library(site):
    (site / "gorandom" / "_old.abi3.so").write_text("")
    return "gorandom/_old.abi3.so is not in RECORD"


def two_versions(site):
    (site / "gorandom-0.0.1.dist-info").mkdir()
    return "remnants of another version: gorandom-0.0.1.dist-info"


LIBRARY = pytest.param(damage_library, marks=pytest.mark.native("library to damage"))


@pytest.mark.parametrize("harm", [damage, LIBRARY, truncate, remove, remove_several, add, add_library, two_versions],
                         ids=lambda harm: harm.__name__)  # fmt: skip
def test_damaged_files(check_copy, site, harm):
    says = harm(site)
    table = check_copy()
    assert table.status == 1 and table.failed == ["files"], table.text
    assert says in table.rows["files"][1], table.text


def test_no_record(check_copy, site):
    """An editable installation has no record beside the package."""
    (record,) = site.glob("*.dist-info")
    for remove in (record / "RECORD").unlink, lambda: shutil.rmtree(record):
        remove()
        table = check_copy()
        assert table.status == 0 and "files" in table.not_here, table.text
        assert "there is no RECORD beside the package" in table.rows["files"][1]


@pytest.mark.native("library to remove")
def test_a_wheel_without_a_core(check_copy, site):
    """musl's wheel has only the front. Python makes its HMACs, and the rows of AES kernels are "not here"."""
    (record,) = site.glob("*.dist-info/RECORD")
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if "libgorandom.core" not in line and "_core.abi3" not in line))
    for name in ("libgorandom.core.so", "_core.abi3.so"):
        (site / "gorandom" / name).unlink()
    table = check_copy()
    assert table.status == 0 and not table.failed, table.text
    assert set(table.not_here) - {"wipe", "clone(2)"} == {*ALL, "start auto", "start eager"}
    assert all("the core's library cannot be loaded" in table.rows[name][1] for name in ALL)


# ---- how it is shown ----


@pytest.mark.parametrize("environment, coloured", [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True),
                                                   ({"TERM": "dumb"}, False)], ids=str)  # fmt: skip
def test_colours(python, environment, coloured):
    """Colours appear only on a terminal, and only if NO_COLOR has no value."""
    reader, terminal = pty.openpty()
    program = "import os, sys, json; names = json.loads(sys.argv[2]); os.dup2(int(sys.argv[1]), 1)\n"
    program += "os.environ.pop('NO_COLOR', None); os.environ['TERM'] = 'xterm'; os.environ.update(names)\n"
    patch = "_selftest.checks = lambda: [('a', 'b', lambda: None), ('c', 'd', lambda: 1 / 0)]"
    try:
        python(program + PROGRAM % patch, terminal, json.dumps(environment), ends=None, pass_fds=[terminal])
        shown = os.read(reader, 65536).decode()
    finally:
        os.close(terminal)
        os.close(reader)
    assert ("\033[32m    ok\033[0m" in shown) == ("\033[1;31mFAILED\033[0m" in shown) == ("\033" in shown) == coloured
    assert "ZeroDivisionError: division by zero" in shown


def test_an_exception_is_a_failure(selftest):
    """Whatever the exception; the table continues."""
    table = selftest("_selftest.checks = lambda: [('a', 'b', lambda: 1 / 0), ('c', 'd', lambda: 'e')]")
    assert table.status == 1 and table.failed == ["a"] and table.rows["c"][1].startswith("e ")
    assert table.end.startswith("1 FAILED, 1 passed, in ")


def test_a_long_reason(selftest):
    table = selftest("def check(): raise _selftest.Wrong('word ' * 40)\n_selftest.checks = lambda: [('a', 'b', check)]")
    assert max(len(line) for line in table.text.splitlines() if "word" in line) > 70
    assert table.rows["a"][1].count("word") == 40 and all(len(line) <= 80 for line in table.text.splitlines() if "package" not in line)


@pytest.mark.skipif(PURE and not hasattr(os, "getrandom"), reason="this Python has no os.getrandom, which alone can tell that the system is not ready")
@pytest.mark.skipif(not confine.available(), reason="the seccomp filters are written for x86_64 and aarch64")
def test_a_system_that_is_not_ready(python):
    """The self-test checks nothing and does not wait."""
    program = f"import errno, sys; sys.path.insert(0, {str(NOISE)!r}); import confine; confine.refuse('getrandom', errno.EAGAIN)\n"
    done = python(program + PROGRAM % "", ends=None)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "gorandom: system random number generator is not ready yet\n"


def test_no_bytes_are_shown(selftest):
    """A failed row shows no drawn bytes."""
    table = selftest("_selftest.draw = lambda: b'hush, hush ' * 6")
    assert len(table.failed) > 3 and "hush" not in table.text and b"hush".hex() not in table.text


def test_vectors_are_the_standard_librarys():
    """An independent program gives RFC 4231's tags and FIPS 180-4's digests."""
    for key, message, digest, tag in _selftest._tags(_selftest.RFC_4231_DIGESTS):
        assert hmac.digest(key, message, digest) == tag
    for message, digest in _selftest.SHAD256:
        assert hashlib.sha256(hashlib.sha256(message).digest()).hexdigest() == digest
