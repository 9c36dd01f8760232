"""Fork hooks: what the rooms of pyext/front have registered runs in the order of enum fork_place, once each."""

import subprocess

import pytest
from _forks import compile_c, linux
from conftest import SOURCE

pytestmark = linux

PREPARE = " prepare 0! prepare 1! prepare 2! prepare 3!"
PARENT = " parent 0! parent 1! parent 2! parent 3!"
# The fork is under way for the wipe hooks, and over for the child's. Of two hooks of a place both are asked.
CHILD = " wipe 0 wipe 1 wipe 1 wipe 2 wipe 3 child 0! child 1! child 2! child 3! generation 1 known 1"
CLONED = " wipe 0! wipe 1! wipe 1! wipe 2! wipe 3! known 0"


def compile_with(name, *sources, flags=()):
    """A program of noise/ with files of pyext/front."""
    pyext = SOURCE / "pyext"
    if not pyext.exists():
        pytest.skip("the C sources are not beside these tests")
    sources = [pyext / "front" / source for source in sources]
    return compile_c(name, f"{name}.c", *sources, flags=(f"-I{pyext}", f"-I{pyext / 'front'}", *flags))


@pytest.mark.parametrize("wipes", [True, False])
def test_their_order(wipes):
    """Registered in another order, one after the handlers. In a raw clone, where fork wipes nothing, a look finds out."""
    program = compile_with("hooks")
    done = subprocess.run([program, "" if wipes else "no"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [PREPARE + CHILD, PREPARE + PARENT, *([] if wipes else [CLONED])]


def test_once_in_each_process():
    """Found by tests/model/entry.pml. Guards that our handler does nothing in a child that it has seen: a core that was started there
    would be forgotten, and reset under its own threads by the next start."""
    program = compile_with("hooks")
    done = subprocess.run([program, "", "forks"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [PREPARE + CHILD, PREPARE + CHILD, PREPARE + PARENT]


def test_no_record_has_two_owners():
    """Found by tests/model/records.pml. A thread of the child's that draws while our fork handler gives back records of threads
    that are gone; and a thread that ends, interrupted by a handler that forks. Guards that the first gets no record yet, and that
    signals are held from the destructor's beginning: else the next thread gets the same record and page."""
    program = compile_with("early", "guard/fork.c", "guard/process.c", "runtime/thread.c", flags=["-Wl,--wrap=pthread_setspecific"])
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["1 0 2", "kept"]), done.stderr
