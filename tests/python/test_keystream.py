"""GORANDOM_KEYSTREAM: each AES kernel that this processor has gives the same bytes, in children too. An unknown name makes the
import fail. A kernel that the processor lacks makes the core unavailable."""

import pathlib
import platform
import re
import shutil
import subprocess

import gorandom._status
import pytest
from _forks import PROGRAMS, compile_c

import gorandom

pytestmark = [pytest.mark.once, pytest.mark.native("AES kernel")]
HERE = pathlib.Path(__file__).parent
needs_core = pytest.mark.skipif(
    gorandom._front.state()["core_version"] is None, reason="no core can be had here: " + gorandom.status().reason
)

# A kernel, and the features that it needs, by their names in /proc/cpuinfo.
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


REFUSED = "ImportError: GORANDOM_KEYSTREAM must be one of %s, not \"%s\""


@pytest.mark.parametrize("value", [" ", "GENERIC", "aesni ", "sparc", "aesni,vaes256", "ä"])
def test_unknown_name(python, value):
    """The message lists the architecture's kernels."""
    done = python("import gorandom", env={"GORANDOM_KEYSTREAM": value}, ends=None)
    assert done.returncode == 1
    names = ", ".join(f'"{name}"' for name in NEEDS)
    assert done.stderr.splitlines()[-1] == REFUSED % (names, value)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the emulated processor is an x86-64")
def test_a_kernel_that_the_processor_lacks(python):
    """A processor without AES instructions, emulated."""
    emulator = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if not emulator:
        pytest.skip("NOT RUN: needs qemu-x86_64 (Debian: qemu-user), to be a processor without AES")
    look = "import gorandom; print(len(gorandom.get_random_bytes(16)), gorandom.status().mode, gorandom.status().reason)"
    program = """
import os, subprocess, sys
sys.exit(subprocess.run([sys.argv[1], "-cpu", "Nehalem", sys.executable, "-c", sys.argv[2]]).returncode)
"""
    out = python(program, emulator, look, env={"GORANDOM_KEYSTREAM": "aesni"}).split(maxsplit=2)
    # Under the emulator there is no core at all, because it wipes no memory at fork.
    assert out[:2] == ["16", "direct"] and "cannot wipe memory" in out[2]


@needs_core
def test_no_core_without_the_kernel_that_is_asked_for(python):
    """Only the core can tell whether the processor lacks it. No other kernel takes its place."""
    lacking = [name for name in gorandom._front.KERNELS if name not in here()]
    if not lacking:
        pytest.skip(f"NOT TESTED: this processor has all of {', '.join(NEEDS)}")
    look = "import gorandom; print(len(gorandom.get_random_bytes(16)), gorandom.status().mode, gorandom.status().reason)"
    out = python(look, env={"GORANDOM_KEYSTREAM": lacking[0]})
    assert out == "16 direct this processor lacks the AES kernel that GORANDOM_KEYSTREAM names\n"
    with pytest.raises(ValueError, match="no kernel"):
        gorandom._front.keystream(lacking[0], bytes(32), bytes(16), 16)


def test_a_refused_import_can_be_tried_again(python):
    """And starts nothing: the check is in C."""
    python(PROGRAMS / "keystream_refused_import.py")


@needs_core
def test_the_core_knows_what_the_front_knows(python):
    """Without the variable the core takes the last of the list, or another one if that lowers the processor's frequency."""
    assert python("import gorandom; gorandom.get_random_bytes(1); print(gorandom.status().keystream)",
                  start="eager").strip() in here()[-2:]  # fmt: skip


def streamed(python, kernel):
    name, digest = python(PROGRAMS / "keystream_stream.py", env={"GORANDOM_KEYSTREAM": kernel}, start="auto").split()
    assert name == kernel
    return digest


@needs_core
def test_the_same_bytes(python, kernel):
    """Fortuna's stream from one seed is the generic kernel's, at all lengths."""
    assert streamed(python, kernel) == streamed(python, "generic")


@needs_core
def test_vectors(python, kernel):
    """PyCrypto's vectors of the generator hold under each kernel."""
    program = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    options = ["-q", "-p", "no:cacheprovider", "-k", "enerator", "-c"]
    done = python(program, *options, HERE.parents[1] / "pyproject.toml", HERE / "test_pycrypto_fortuna.py",
                  env={"GORANDOM_KEYSTREAM": kernel}, ends=None)  # fmt: skip
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


@needs_core
def test_names():
    """_front.KERNELS are the architecture's. Those that the core says this processor has match /proc/cpuinfo."""
    gorandom.get_random_bytes(1)
    assert list(gorandom._front.KERNELS) == list(NEEDS)
    assert gorandom._status.ask_core()["kernel"] == here()


# NIST SP 800-38A, F.5.5: AES-256, the first counter block, and the first output block.
KEY = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
BLOCK = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
OUTPUT = bytes.fromhex("0bdf7df1591716335e9a8b15c860c502")


@needs_core
@pytest.mark.parametrize("before, n", [(0, 16), (0, 1), (7, 8 * 16), (8, 9 * 16 + 1), (100, 4099), (4097, 1 << 17)])
def test_a_kernel_by_hand(kernel, before, n):
    """_front.keystream: NIST's block is at its place in a run of blocks."""
    start = int.from_bytes(BLOCK, "little") - before
    made = gorandom._front.keystream(kernel, KEY, start.to_bytes(16, "little"), n)
    assert len(made) == n and made[16 * before : 16 * before + 16] == OUTPUT[:n]
    generic = gorandom._front.keystream("generic", KEY, start.to_bytes(16, "little"), n)
    assert made == generic


@needs_core
def test_a_kernel_by_hand_refuses():
    keystream = gorandom._front.keystream
    assert keystream("generic", KEY, BLOCK, 0) == b""
    for kernel in ("", "sparc", "GENERIC"):
        with pytest.raises(ValueError, match=f'the core has no kernel "{kernel}"'):
            keystream(kernel, KEY, BLOCK, 1)
    for key, counter, n in ((KEY[:31], BLOCK, 1), (KEY + b"x", BLOCK, 1), (KEY, BLOCK[:15], 1), (KEY, KEY, 1), (KEY, BLOCK, -1)):
        with pytest.raises(ValueError, match="a key of 32 bytes, a counter of 16 and a size"):
            keystream("generic", key, counter, n)


def test_c_calls_them_without_a_runtime():
    """The library is mapped but nothing in it has started, as where memory is not wiped at fork (which includes emulators)."""
    library = pathlib.Path(gorandom.__file__).parent / "libgorandom.core.so"
    if not library.exists():
        pytest.skip("this wheel has no core")
    pyext = HERE.parents[1] / "pyext"
    program = compile_c("kernels", "kernels.c", flags=[f"-I{pyext}", f"-I{pyext}/front"])
    names = here()[1:]
    rows = subprocess.run([program, library, *names], check=True, text=True, capture_output=True).stdout.split()
    assert len(rows) == 2 * len(names)
    assert all(row == rows[0] for row in rows)
    if rows:
        assert bytes.fromhex(rows[0])[50 * 16 : 51 * 16] == OUTPUT and len(rows[0]) == 2 * 100 * 16


def test_a_kernel_by_hand_needs_a_core(python):
    python(
        """
import gorandom
try:
    gorandom._front.keystream("generic", bytes(32), bytes(16), 16)
except RuntimeError as error:
    assert 'start is "never"' in str(error)
else:
    raise AssertionError("made")
""",
        start="never",
    )


@needs_core
@pytest.mark.parametrize("start", ["auto", "eager"])
def test_children_use_the_same(python, kernel, start):
    """A child that starts its own core, and that child's child: the choice survives the wiped memory of the core, and a
    changed environment. It fails if only the core remembers the choice."""
    python(PROGRAMS / "keystream_children.py", kernel, env={"GORANDOM_KEYSTREAM": kernel}, start=start,
           flags=["-W", "ignore::DeprecationWarning"])  # fmt: skip


def test_no_effect_without_a_core(python, kernel):
    assert python("import gorandom; gorandom.get_random_bytes(1); print(gorandom.status().keystream)",
                  env={"GORANDOM_KEYSTREAM": kernel}, start="never").strip() == "system"  # fmt: skip
