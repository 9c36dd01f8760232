"""GORANDOM_KEYSTREAM: each AES kernel that this processor has gives the same bytes, in children too, and a name that
it lacks refuses the import."""

import pathlib
import platform
import re
import shutil

import pytest

import gorandom

HERE = pathlib.Path(__file__).parent
needs_core = pytest.mark.skipif(
    gorandom._front.state()["core_version"] is None, reason="no core can be had here: " + gorandom.status().reason
)

# A kernel, and the features that it needs, in the kernel's words in /proc/cpuinfo.
NEEDS = {
    "x86_64": {
        "generic": set(), "aesni": {"aes", "sse4_1"}, "vaes256": {"aes", "sse4_1", "avx2", "vaes"},
        "vaes512": {"aes", "sse4_1", "avx2", "vaes", "avx512f"},
    },
    "aarch64": {"generic": set(), "armv8": {"aes"}},
}.get(platform.machine(), {"generic": set()})  # fmt: skip


def here():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    flags = set(re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)[1].split())
    return [name for name, needs in NEEDS.items() if needs <= flags]


@pytest.fixture(params=list(NEEDS))
def kernel(request):
    if request.param not in here():
        pytest.skip(f"NOT RUN: this processor lacks {request.param}, it has only {', '.join(here())}")
    return request.param


REFUSED = "ImportError: GORANDOM_KEYSTREAM must be one of %s, which this processor has, not \"%s\""


@pytest.mark.parametrize("value", ["", "GENERIC", "aesni ", "sparc", "aesni,vaes256", "ä"])
def test_unknown_name(python, value):
    """The list is what /proc/cpuinfo says, so front/keystream.c asks for what it should."""
    done = python("import gorandom", env={"GORANDOM_KEYSTREAM": value}, ends=None)
    assert done.returncode == 1
    names = ", ".join(f'"{name}"' for name in here())
    assert done.stderr.splitlines()[-1] == REFUSED % (names, value)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the emulated processor is an x86-64")
def test_a_kernel_that_the_processor_lacks(python):
    """A processor without AES instructions, emulated."""
    emulator = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if not emulator:
        pytest.skip("NOT RUN: needs qemu-x86_64 (Debian: qemu-user), to be a processor without AES")
    program = """
import os, subprocess, sys
sys.exit(subprocess.run([sys.argv[1], "-cpu", "Nehalem", sys.executable, "-c", "import gorandom"]).returncode)
"""
    done = python(program, emulator, env={"GORANDOM_KEYSTREAM": "aesni"}, ends=None)
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == REFUSED % ('"generic"', "aesni")


def test_a_refused_import_can_be_tried_again(python):
    """And starts nothing: the check is C's."""
    python(
        """
import os, sys
os.environ["GORANDOM_KEYSTREAM"] = "sparc"
for _ in range(3):
    try:
        import gorandom
    except ImportError:
        assert "gorandom" not in sys.modules and len(os.listdir("/proc/self/task")) == 1
    else:
        raise AssertionError("imported")
os.environ["GORANDOM_KEYSTREAM"] = "generic"
import gorandom
assert len(os.listdir("/proc/self/task")) == 1
assert len(gorandom.get_random_bytes(16)) == 16
"""
    )


@needs_core
def test_the_core_knows_what_the_front_knows(python):
    """Without the variable the core takes the last of the list, or where that lowers the frequency another of it."""
    assert python("import gorandom; gorandom.get_random_bytes(1); print(gorandom.status().keystream)",
                  start="eager").strip() in here()[-2:]  # fmt: skip


STREAM = """
import hashlib, sys
import gorandom
from gorandom.Fortuna import FortunaGenerator
gorandom.get_random_bytes(1 << 20)
print(gorandom.status().keystream)
g = FortunaGenerator.AESGenerator()
g.reseed(b"seed")
h = hashlib.sha256()
for n in [*range(1026), 65535, 65536, 65537, 1 << 20, (1 << 20) + 17]:
    h.update(g.pseudo_random_data(n))
print(h.hexdigest())
"""


def streamed(python, kernel):
    name, digest = python(STREAM, env={"GORANDOM_KEYSTREAM": kernel}, start="auto").split()
    assert name == kernel
    return digest


@needs_core
def test_the_same_bytes(python, kernel):
    """Fortuna's stream from one seed, at all lengths, is that of the generic kernel."""
    assert streamed(python, kernel) == streamed(python, "generic")


@needs_core
def test_vectors(python, kernel):
    """PyCrypto's vectors of the generator hold under each kernel."""
    program = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    options = ["-q", "-p", "no:cacheprovider", "-k", "enerator", "-c"]
    done = python(program, *options, HERE.parents[1] / "pyproject.toml", HERE / "test_pycrypto_fortuna.py",
                  env={"GORANDOM_KEYSTREAM": kernel}, ends=None)  # fmt: skip
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


CHILD = """
import os, sys
import gorandom
gorandom.get_random_bytes(1)
del os.environ["GORANDOM_KEYSTREAM"]

def generation(n):
    pid = os.fork()
    if pid == 0:
        ok = gorandom.get_random_bytes(1 << 20) and gorandom.status().mode == "core"
        ok = ok and gorandom.status().keystream == sys.argv[1] and gorandom.status().generation == n
        if ok and n < 2:
            generation(n + 1)
        os._exit(not ok)
    if os.waitpid(pid, 0)[1]:
        print(gorandom.status())
        os._exit(1)

generation(1)
"""


@needs_core
@pytest.mark.parametrize("start", ["auto", "eager"])
def test_children_use_the_same(python, kernel, start):
    """A child that starts a core of its own, and its child: the choice outlives the wiped memory of the core, and the
    environment that it was read from. It fails if the core alone remembers it."""
    python(CHILD, kernel, env={"GORANDOM_KEYSTREAM": kernel}, start=start, flags=["-W", "ignore::DeprecationWarning"])


def test_no_effect_without_a_core(python, kernel):
    assert python("import gorandom; gorandom.get_random_bytes(1); print(gorandom.status().keystream)",
                  env={"GORANDOM_KEYSTREAM": kernel}, start="never").strip() == "system"  # fmt: skip
