"""A fork while another thread is in a long call of a Fortuna object: test_forks.py runs this."""

import json
import os
import sys
import threading

from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256

LONG = bytes(256 << 20)  # a tenth of a second, and more


def generator():
    made = FortunaGenerator.AESGenerator()
    made.reseed(b"seed")
    return made


# For each object: how it is made, a long call, a quick call, and what a child does with it.
KINDS = {
    "generator": (
        generator,
        lambda g: g.reseed(LONG),
        lambda g: g.counter.next_value(),
        [
            lambda g: g.pseudo_random_data(16),
            lambda g: g.pseudo_random_data(1 << 20),
            lambda g: g.counter.next_value(),
            lambda g: g.reseed(b"again"),
        ],
    ),
    "hash": (
        SHAd256.new,
        lambda h: h.update(LONG),
        lambda h: h.copy(),
        [lambda h: h.copy().digest(), lambda h: h.digest(), lambda h: h.update(b"more")],
    ),
}


def tried(object, uses):
    found = []
    for use in uses:
        try:
            use(object)
            found.append("works")
        except Exception as e:
            found.append(f"{type(e).__name__}: {e}")
    return found


def refused(use, object):
    """Does another thread use the object now?"""
    try:
        use(object)
    except RuntimeError:
        return True
    return False


def insist(use, object):
    while refused(use, object):  # while the other thread's look is under way
        pass


used, idle, middle, ends = [], [], 0, []
for make, work, look, uses in KINDS.values():
    quiet = make()
    for turn in range(int(sys.argv[1])):
        object = make()
        thread = threading.Thread(target=insist, args=(work, object))
        thread.start()
        while not refused(look, object):
            pass
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(write, json.dumps([tried(object, uses), tried(quiet, uses)]).encode())
            os._exit(0)
        middle += refused(look, object)  # it is still in use, so it was at the fork
        os.close(write)
        ends.append(os.waitpid(pid, 0)[1])
        mine, other = json.loads(os.read(read, 1 << 16) or b"[[], []]")
        os.close(read)
        used += mine
        idle += other
        thread.join()
print(json.dumps({"used": used, "idle": idle, "middle": middle, "ends": ends}))
