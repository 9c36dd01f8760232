"""The gate into Go (pyext/front/runtime/gate.c): who holds one of its places, and who gets in while all are taken.

A program that may use one processor has one place. A thread inside is told by its mask: all signals are blocked there."""

import sysconfig

import pytest
from _forks import STRESS, linux, run

pytestmark = linux

HEAD = """
import json, os, sys, threading, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import child, gorandom
from gorandom import _front, hmac, seedfile
from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256
gorandom.get_random_bytes(16)
assert gorandom.status().mode == "core"
"""


@pytest.mark.skipif(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="this interpreter has no GIL")
def test_nobody_waits_for_the_gil_inside():
    """The main thread holds the GIL in C until the other sleeps: where? One that fetches the GIL before it leaves the gate keeps
    its place, and its signals blocked, for as long as others hold the GIL; for ever, where the interpreter ends."""
    waits = run(
        HEAD
        + """
library = child.helper()  # called with the GIL held
generator, key = FortunaGenerator.AESGenerator(), hmac.Key(b"key", "sha512")
generator.reseed(b"seed")
buffer = bytearray(100_000)
ACTIONS = {
    "State": lambda: _front.State(_front.HAND_HASH),
    "small request": lambda: generator.pseudo_random_data(16),
    "large request": lambda: generator.pseudo_random_data(100_000),
    "small keystream": lambda: _front.keystream(_front.KERNELS[0], bytes(32), bytes(16), 64),
    "large keystream": lambda: _front.keystream(_front.KERNELS[0], bytes(32), bytes(16), 100_000),
    "small message": lambda: key.digest(b"message"),
    "large message": lambda: key.digest(buffer),
    "messages": lambda: key.digests([buffer, buffer]),
    "fill": lambda: gorandom.fill(buffer),
    "reseed": gorandom.reseed,
    "add_event": lambda: gorandom.add_event(b"event"),
    "status": gorandom.status,
}
waits = {}
for name, action in ACTIONS.items():
    stop = False
    def act():
        while not stop:
            action()
    thread = threading.Thread(target=act)
    thread.start()
    looks = []
    for _ in range(int(sys.argv[1])):
        time.sleep(0)  # the other has the GIL now, until it gives it away
        looks.append(library.host_sleeps_inside(thread.native_id))
    stop = True
    thread.join()
    if any(looks):
        waits[name] = looks
print(json.dumps(waits))
""",
        "auto", 6 * STRESS, timeout=120 * STRESS, helped=True,
    )
    assert waits == {}, "inside the gate it waited for the GIL (1), or was never seen asleep (-1)"


# hold(): every place is taken by a thread that hashes for seconds. still(): by the same one, in the same call.
HOLD = """
def size():
    # Zeros that nobody has written: they take no memory.
    n = 64 << 20
    begun = time.perf_counter()
    SHAd256.new(bytes(n))
    return int(n * max(1, min(64, 2 / (time.perf_counter() - begun))))

zeros = bytes(size())

def hold():
    global holder
    holder = threading.Thread(target=SHAd256.new, args=(zeros,))
    holder.start()
    while not child.in_the_core(holder.native_id):
        pass

def still():
    return child.in_the_core(holder.native_id)
"""


@pytest.mark.once
def test_what_waits_for_no_place(tmp_path):
    """With all places of the gate taken, reseed(), add_event(), status() and a seed file's save enter the core all the same.
    Guards the places that are theirs: without these they wait for one with all threads that draw, up to ten seconds at each
    entry (64 threads that fill 64 MiB each). An event gave up sooner, and was put where only a starting core looks."""
    done = run(
        HEAD
        + HOLD
        + """
def counted(what):
    before = getattr(gorandom.status(), what)
    return lambda: getattr(gorandom.status(), what) - before

seedfile.save(sys.argv[1])
str(gorandom.status())  # its imports
done = {}
def add():
    for _ in range(300):
        gorandom.add_event(b"event")

for name, action, what in (("reseed", gorandom.reseed, "reseeds"), ("add_event", add, "events"),
                           ("status", gorandom.status, None), ("save", lambda: seedfile.save(sys.argv[1]), None)):
    count = counted(what) if what else None
    hold()
    answer = action()
    done[name] = {"still": still(), "mode": answer.mode if name == "status" else "core"}
    holder.join()
    if count:
        done[name]["counted"] = count()
print(json.dumps(done))
""",
        "auto", tmp_path / "seed",
    )
    entered = {"still": True, "mode": "core"}
    assert done["reseed"].pop("counted") >= 1
    assert done == {"reseed": entered, "add_event": entered | {"counted": 300}, "status": entered, "save": entered}


def test_handlers_while_this_thread_has_a_place():
    """A C handler that leaves draws by longjmp, as one with a limit of time; and one that adds events while its thread adds
    some. Signals that come inside are delivered as it is left: the place must be free by then. Else the first kind takes
    the places away for good, so that draws come from the kernel and reseed() is refused; and the second waits in the
    handler for its own thread, 10 s each time."""
    pytest.importorskip("_ssl", reason="this interpreter has no ssl, whose callback draws without Python")
    jumps, added, mode, reseeds = run(
        HEAD
        + """
jumps = child.helper().callbacks_jump(child.bytes_callback(), 20, 4 << 20)
added = child.helper().callbacks_add(child.add_callback(), 20_000)
before = gorandom.status().reseeds
gorandom.fill(bytearray(100_000))
assert _front.state()["direct_bytes"] == 0
gorandom.reseed()
status = gorandom.status()
print(json.dumps([jumps, added, status.mode, status.reseeds - before]))
""",
        timeout=30, helped=True,
    )  # fmt: skip
    assert (jumps, mode) == (20, "core") and added > 0 and reseeds > 0


def test_reseed_while_nobody_gets_in():
    """A handler of SIGSYS keeps everyone out of the core for a while. Guards that a reseed() of that time is made up for before
    the core gives its next byte: else it would go on as if nobody had asked."""
    reseeds = run(
        HEAD
        + """
import signal
before = gorandom.status().reseeds
signal.signal(signal.SIGSYS, lambda signo, frame: None)
gorandom.reseed()
signal.signal(signal.SIGSYS, signal.SIG_DFL)
gorandom.fill(bytearray(3000))
print(json.dumps(gorandom.status().reseeds - before))
"""
    )
    assert reseeds > 0
