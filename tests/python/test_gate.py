"""The gate into Go (pyext/front/runtime/gate.c): who holds one of its places, and who gets in while all are taken.

A program that may use one processor has one place. A thread inside is recognised by its mask: it blocks all signals."""

import subprocess
import sysconfig

import pytest
from _forks import PROGRAMS, STRESS, compile_c, linux, run
from conftest import SOURCE

pytestmark = [linux, pytest.mark.native("gate into Go")]


@pytest.mark.skipif(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="this interpreter has no GIL")
def test_nobody_waits_for_the_gil_inside():
    """The main thread holds the GIL in C until the other thread sleeps. Where does it sleep? A thread that takes the GIL
    before it leaves the gate keeps its place, and its signals blocked, as long as others hold the GIL: for ever at the
    interpreter's end."""
    waits = run(PROGRAMS / "gate_gil.py", "auto", 6 * STRESS, timeout=120 * STRESS, helped=True)
    assert waits == {}, "inside the gate it waited for the GIL (1), or was never seen asleep (-1)"


@pytest.mark.once
def test_what_waits_for_no_place(tmp_path):
    """With all places of the gate taken, reseed(), add_event(), status() and a seed file's save still enter the core. Guards
    their own places. Without these they wait for a place among all drawing threads, up to ten seconds for each entry (64
    threads that fill 64 MiB each). An event gave up sooner, and was put where only a starting core looks."""
    done = run(PROGRAMS / "gate_no_place.py", "auto", tmp_path / "seed")
    entered = {"still": True, "mode": "core"}
    assert done["reseed"].pop("counted") >= 1
    assert done == {"reseed": entered, "add_event": entered | {"counted": 300}, "status": entered, "save": entered}


def test_handlers_while_this_thread_has_a_place():
    """One C handler leaves draws by longjmp, as a time limit does. Another adds events while its thread adds some. Signals
    that come inside the gate are delivered as the thread leaves it, and the place must be free by then. Otherwise the first
    kind takes the places for good, so that draws come from the kernel and reseed() is refused. The second waits in the handler
    for its own thread, 10 s each time."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    jumps, added, mode, reseeds = run(PROGRAMS / "gate_handlers.py", timeout=30, helped=True)
    assert (jumps, mode) == (20, "core") and added > 0 and reseeds > 0


def test_reseed_while_nobody_gets_in():
    """A handler of SIGSYS keeps everyone out of the core for a while. Guards that a reseed() of that time is done before the
    core gives its next byte. Otherwise it would be lost."""
    reseeds = run(PROGRAMS / "gate_reseed.py")
    assert reseeds > 0


def test_reseed_while_a_missed_one_is_made_up_for():
    """Found by tests/model/bytes.pml. A thread reseeds the core at the gate to make up for missed reseeds. Guards that it
    counts those it makes up for. It used to mark the core as fresh at its end, even if another reseed() had failed to get in
    meanwhile."""
    pyext = SOURCE / "pyext"
    if not pyext.exists():
        pytest.skip("the C sources are not beside these tests")
    sources = [file for floor in ("pure", "guard", "source", "runtime", "draw") for file in sorted((pyext / "front" / floor).glob("*.c"))]
    flags = (f"-I{pyext}", f"-I{pyext / 'front'}", "-DGORANDOM_NO_CORE=NULL", '-DGORANDOM_VERSION="0"')
    done = subprocess.run([compile_c("missed", "missed.c", *sources, flags=flags)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.split()) == (0, ["1", "2"]), done.stderr
