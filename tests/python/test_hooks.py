"""Fork hooks: the hooks that pyext/front's folders have registered run in the order of enum fork_place, once each."""

import subprocess

import pytest
from _forks import compile_c, linux
from conftest import SOURCE

pytestmark = linux

PREPARE = " prepare 0! prepare 1! prepare 2! prepare 3!"
PARENT = " parent 0! parent 1! parent 2! parent 3!"
# The wipe hooks run while the fork is under way, the child's when it is over. If a place has two hooks, both run.
CHILD = " wipe 0 wipe 1 wipe 1 wipe 2 wipe 3 child 0! child 1! child 2! child 3! generation 1 known 1"
CLONED = " wipe 0! wipe 1! wipe 1! wipe 2! wipe 3! known 0"


def compile_with(name, *sources, flags=()):
    """Compile a program of noise/ with files of pyext/front."""
    pyext = SOURCE / "pyext"
    if not pyext.exists():
        pytest.skip("the C sources are not beside these tests")
    sources = [pyext / "front" / source for source in sources]
    return compile_c(name, f"{name}.c", *sources, flags=(f"-I{pyext}", f"-I{pyext / 'front'}", *flags))


@pytest.mark.parametrize("wipes", [True, False])
def test_their_order(wipes):
    """They are registered in another order, and one after the handlers. In a raw clone, where fork wipes nothing, a check
    notices it."""
    program = compile_with("hooks")
    done = subprocess.run([program, "" if wipes else "no"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [PREPARE + CHILD, PREPARE + PARENT, *([] if wipes else [CLONED])]


def test_once_in_each_process():
    """Found by tests/model/entry.pml. Guards that our handler does nothing in a child that has already been seen. Otherwise it
    would forget a core started there, and the next start would reset that core under its own threads."""
    program = compile_with("hooks")
    done = subprocess.run([program, "", "forks"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [PREPARE + CHILD, PREPARE + CHILD, PREPARE + PARENT]


def test_no_record_has_two_owners():
    """Found by tests/model/records.pml. A thread of the child draws while our fork handler gives back records of threads that
    are gone; and a handler that forks interrupts a thread's end. Guards that the first gets no record yet, and that the
    destructor blocks signals from its beginning. Otherwise the next thread gets the same record and page."""
    program = compile_with("early", "guard/fork.c", "guard/process.c", "runtime/thread.c", flags=["-Wl,--wrap=pthread_setspecific"])
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["1 0 2", "kept"]), done.stderr
