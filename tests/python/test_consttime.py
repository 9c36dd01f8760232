"""compare_digest's branches and addresses do not depend on the secrets: valgrind tracks the secrets as undefined memory.

make consttime measures the times themselves.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest
from _forks import NOISE, PROGRAMS, REPORT, compiler, folder, linux, reports, valgrind
from conftest import SOURCE

COMPARE = SOURCE / "pyext" / "front" / "pure" / "compare.c"
BRANCH, ADDRESS = "Conditional jump or move depends on uninitialised value", "Use of uninitialised value of size"

pytestmark = [
    linux,
    pytest.mark.once,
    pytest.mark.skipif(not shutil.which("valgrind"), reason="NOT SHOWN TO BE CONSTANT-TIME: valgrind is not installed"),
    pytest.mark.skipif(not COMPARE.exists(), reason="the C sources are not beside these tests"),
]


def compilers():
    """Return the machine's own compiler, and each other one that it has."""
    found = {}
    for cc in (compiler(), *(([path]) for path in map(shutil.which, ("gcc", "clang")) if path)):
        found.setdefault((os.path.realpath(shutil.which(cc[0]) or cc[0]), *cc[1:]), cc)
    return list(found.values())


def shipped_flags():
    sys.path.insert(0, str(SOURCE / "pyext"))
    try:
        from build import toolchain
    finally:
        sys.path.pop(0)
    return toolchain.C_FLAGS


def build(name, cc, *flags):
    headers = subprocess.run([*cc, "-E", "-xc", "-"], input="#include <valgrind/memcheck.h>\n", capture_output=True, text=True)
    if headers.returncode:
        pytest.skip(f"NOT SHOWN TO BE CONSTANT-TIME: {cc[0]} finds no valgrind/memcheck.h (Debian: package valgrind)")
    # -g last: it doesn't change the code, and valgrind can name a line. Debian 12's does not read all of clang's DWARF 5.
    command = [*cc, *shipped_flags(), *flags, "-gdwarf-4", str(NOISE / "undefined.c"), str(COMPARE), "-o", str(folder() / name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder() / name


@functools.cache
def program(cc, *flags):
    return build("-".join(["undefined", os.path.basename(cc[0]), *flags]), list(cc), *flags)


@pytest.mark.parametrize("flags", [(), ("-O0",), ("-O1",), ("-O3",), ("-Os",)], ids=lambda flags: flags[0] if flags else "as shipped")
def test_no_branch_and_no_address_depends_on_the_secrets(flags):
    """All lengths up to 70 bytes, with a difference at each place. Guards opaque() in compare.c: if somebody or a compiler
    adds an early exit, valgrind reports it."""
    for cc in compilers():
        done = valgrind(program(tuple(cc), *flags), "ours")
        assert done.returncode == 0, (cc, done.returncode, done.stderr[-3000:])


@pytest.mark.parametrize("kind, report", [("early", BRANCH), ("table", ADDRESS)])
def test_a_comparison_that_tells_is_reported(kind, report):
    """The control for the test above: an early exit, and a table that is read at a secret place."""
    for cc in compilers():
        done = valgrind(program(tuple(cc)), kind)
        assert done.returncode == REPORT and report in done.stderr and re.search(rf"{kind} \(\S*undefined\.c", done.stderr), (cc, done.stderr)


def by_front(report):
    """Return whether the front branched on it, itself or through a function of the C library, by the innermost two frames."""
    return any("_front." in frame for frame in report[:2]) and not report[0].startswith("PyBool_FromLong")


@pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="without a GIL CPython has no other allocator than its own, and other places for bytes: tested with a GIL",
)
def test_the_installed_module():
    """Check the same of the library that ships, whichever compiler made it, and of its argument handling. Only its answer
    depends on the secrets, and the interpreter branches on that. As a control a function of the front compares an undefined
    number."""
    library = build("undefined.so", compiler(), "-shared", "-fvisibility=default")
    environment = {**os.environ, "GORANDOM_START": "never", "PYTHONMALLOC": "malloc", "PYTHONDONTWRITEBYTECODE": "1"}
    program = PROGRAMS / "consttime_installed.py"
    done = valgrind(sys.executable, program, library, env=environment, cwd=folder())
    before, marker, after = done.stderr.partition("=== the control")
    assert marker and done.returncode == REPORT, (done.returncode, done.stderr[-3000:])
    assert reports(before), "the answer did not depend on what was marked"
    assert not list(filter(by_front, reports(before)))
    assert list(filter(by_front, reports(after))), "valgrind does not see the front's branches"
