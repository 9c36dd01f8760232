"""glibc's count of threads before 2.34 is found by the symbol table of its file, and used only if everything agrees."""

import shutil
import subprocess
import sys

import pytest
from _forks import NOISE, compile_c, folder, linux

pytestmark = linux

LIBRARY = ("-shared", "-fPIC", "-Wl,--build-id")
REFUSED = {
    "another number": ("-DCOUNT=2",),
    "another size": ("-DTYPE=unsigned long",),
    "not writable": ("-DTYPE=const unsigned",),
    "no symbols": ("-s",),
}


def library(*flags, sources=("counted.c",)):
    return compile_c("counted.so", *sources, flags=(*LIBRARY, *flags))


def look(file, then=""):
    program = compile_c("nthreads", "nthreads.c", flags=tuple(f"-I{NOISE.parents[2] / folder}" for folder in ("pyext", "pyext/front")))
    done = subprocess.run([program, file, then], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout.strip()


def test_it_is_found():
    assert look(library()) == "the count"


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_agree_is_not_believed(what):
    """Guards is_writable, counts_threads and look_up: a wrong address would be written to."""
    assert look(library(*REFUSED[what])) == "nothing"


def test_two_of_one_name():
    """Guards look_up: nobody knows which of them is the right one."""
    (folder() / "second.c").write_text(f'#define SECOND\n#include "{NOISE / "counted.c"}"\n')
    assert look(library(sources=("counted.c", folder() / "second.c"))) == "nothing"


@pytest.mark.parametrize("how", ["another build", "the beginning alone", "sections far beyond its end", "no library", "nothing"])
def test_a_file_replaced_since_it_was_loaded(how):
    """Guards is_mapped and holds: after an upgrade under a running process the symbol is elsewhere."""
    other = folder() / "other.so"
    shutil.copy(library("-DCOUNT=1", "-O0"), other)
    if how == "the beginning alone":
        whole = library().read_bytes()
        other.write_bytes(whole[: len(whole) // 2])
    elif how == "sections far beyond its end":
        data = bytearray(library().read_bytes())
        data[0x28:0x30] = (1 << 60).to_bytes(8, sys.byteorder)  # Elf64_Ehdr.e_shoff
        other.write_bytes(data)
    elif how == "no library":
        other.write_bytes(b"#!/bin/sh\n")
    elif how == "nothing":
        other.write_bytes(b"")
    assert look(library(), other) == "nothing"


HIDDEN = """
import gorandom
print(gorandom.status().mode, gorandom.status().reason, sep="; ")
gorandom.get_random_bytes(16)
"""


@pytest.mark.native("threads of its own, which are taken out of glibc's count")
@pytest.mark.parametrize("which", ["none", "one of another number", "one that agrees"])
def test_in_a_program(python, which):
    """As with glibc before 2.34, which does not export the count: without a file whose symbol agrees there is no core."""
    env = {"LD_PRELOAD": str(compile_c("hidden.so", "hidden.c", flags=("-shared", "-fPIC")))}
    if which != "none":
        env["COUNTED"] = str(library(*("-DCOUNT=2",) * (which == "one of another number")))
    said = python(HIDDEN, env=env, start="never").strip()
    assert ("does not show its count of threads" in said) == (which != "one that agrees"), said
