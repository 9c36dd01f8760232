"""The moments in a process's life at which its system calls are made to fail (faults.py)."""

import errno
import importlib
import os
import socket
import sys
import tempfile

import confine
from faults import Phase


def load():
    global gorandom
    import gorandom


def tokens(large=True):
    """The calls that never wait come first."""
    found = [gorandom.urandom(16), gorandom.get_random_bytes(16)]
    if large:
        buffer = bytearray(600_000)
        gorandom.fill(memoryview(buffer)[:300_000])
        gorandom.fill(memoryview(buffer)[300_000:])
        found += [bytes(buffer[at : at + 16]) for at in (0, 299_984, 300_000, 599_984)]
    return found


def live():
    load()
    tokens()
    gorandom.status()


def refill():
    found = tokens()
    for _ in range(5):
        found.append(gorandom.get_random_bytes(1000)[-16:])
    gorandom.reseed()
    gorandom.add_event(b"an event")
    return found + tokens(large=False)


def live_with_more():
    global gorandom, seedfile, folder
    live()
    from gorandom import seedfile

    folder = tempfile.mkdtemp()
    seedfile.save(folder + "/seed")


def fork():
    """The grandchild's tokens come with the child's, because what fails, fails in both."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = gorandom.urandom(16)
    pid = os.fork()
    if pid == 0:
        try:
            theirs.sendmsg([b"".join(tokens(large=False))])
        except (OSError, MemoryError) as e:
            theirs.sendmsg([type(e).__name__.encode()])
        os._exit(0)
    theirs.close()
    data = ours.recvmsg(1000)[0]
    ours.close()
    while True:  # only our own call can fail here, and the child ends all the same
        try:
            assert os.waitpid(pid, 0)[1] == 0
            break
        except OSError as e:
            if e.errno == errno.ECHILD:
                break
    found = [data[i : i + 16] for i in range(0, len(data), 16)] if len(data) % 16 == 0 else []
    return [before, *found, *tokens(large=False)]


def be_a_child():
    live()
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os.setpgid(0, os.getppid())


def seed_file():
    for act in (seedfile.save, seedfile.refresh, seedfile.load):
        act(folder + "/seed", timeout=0)
    return tokens(large=False)


def seed_file_is_whole():
    assert seedfile.load(folder + "/seed", timeout=0) == 64
    assert sorted(os.listdir(folder)) == ["seed", "seed.lock"]
    for name in os.listdir(folder):
        os.unlink(folder + "/" + name)
    os.rmdir(folder)
    return tokens(large=False)


def without_getrandom(before):
    def refused():
        before()
        confine.refuse("getrandom", errno.EPERM)

    return refused


def import_it():
    load()
    return []


def after_import():
    """Clears Python's import caches, which remember a folder that it could not list, or a package without __init__.py."""
    for name in [name for name in sys.modules if name.split(".")[0] == "gorandom"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    load()
    return tokens()


PHASES = {
    "import": Phase(lambda: None, import_it, after_import),
    "first draw": Phase(load, tokens, tokens),
    "refill": Phase(live, refill, tokens),
    "fork": Phase(live, fork, tokens),
    "child's core": Phase(be_a_child, refill, tokens),
    "seed file": Phase(live_with_more, seed_file, seed_file_is_whole),
    "device, first draw": Phase(without_getrandom(load), tokens, tokens),
    "device, refill": Phase(without_getrandom(live), refill, tokens),
}
