"""The C parts of pyext/core, over a system and a C library that the test simulates (noise/backstage)."""

import subprocess

import pytest
from _forks import GLIBC, NOISE, compile_c, linux
from conftest import SOURCE

PYEXT = SOURCE / "pyext"

pytestmark = [
    linux,
    pytest.mark.once,
    pytest.mark.skipif(not PYEXT.exists(), reason="the C sources are not beside these tests"),
    pytest.mark.skipif(not (2, 34) <= GLIBC < (99,), reason="NOT TESTED: written for glibc 2.34 and later"),
]


@pytest.mark.parametrize("part", ["memory", "reset", "threads", "heap", "start", "gopy"])
def test_part(part):
    flags = ("-std=gnu11", "-Wall", "-U_FORTIFY_SOURCE", f"-I{PYEXT}", f"-I{NOISE / 'backstage'}")
    program = compile_c(f"backstage-{part}", f"backstage/{part}.c", flags=flags)
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
