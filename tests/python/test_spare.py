"""What the core's runtime gets if the system refuses it memory after a start, which would otherwise end the process."""

import os
import subprocess

import pytest
from _forks import NOISE, compile_c, linux

pytestmark = [
    linux,
    pytest.mark.skipif(not os.path.isdir(NOISE.parents[2] / "pyext" / "core"), reason="needs the source tree"),
]


def test_go_is_not_refused():
    """Guards without_the_system: memory that Go has reserved becomes usable, a few new pieces come from the spare, nothing
    comes from elsewhere, and a forked child has none of it. Before, a filter or a limit right after a first draw could end a
    busy process ("fatal error: runtime: cannot allocate memory", twice in a few thousand loaded runs)."""
    program = compile_c("spare", "spare.c", flags=(f"-I{NOISE.parents[2] / 'pyext'}", "-pthread"))
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    assert done.stdout.splitlines() == [
        "of what was reserved: zeros",
        "of what is not mapped: none",
        "first: zeros",
        *["more: zeros"] * 3,
        "too much: none",
        "in a child: none",
    ]
