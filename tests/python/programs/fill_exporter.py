"""fill() of an object whose __buffer__ draws, raises or forks: test_api_fill.py runs this."""

import os
import signal
import sys

import gorandom

gorandom.get_random_bytes(16)


class Exporter:
    def __init__(self, act):
        self.act, self.data = act, bytearray(int(sys.argv[2]))

    def __buffer__(self, flags):
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, []), "called inside the gate"
        self.act(self)
        return memoryview(self.data)

    def __release_buffer__(self, view):
        self.released = True


def draws(self):
    self.inner = gorandom.get_random_bytes(len(self.data))


def raises(self):
    raise ZeroDivisionError("from __buffer__")


def forks(self):
    self.r, self.w = os.pipe()
    self.child = os.fork()


e = Exporter(globals()[sys.argv[1]])
if e.act is raises:
    try:
        gorandom.fill(e)
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("no exception")
    assert not any(e.data)
    e.act = draws
gorandom.fill(e)
assert e.released
assert bytes(16) not in e.data
if e.act is draws:
    assert e.inner != bytes(e.data)
else:
    if not e.child:
        os.write(e.w, bytes(e.data[:16]) + gorandom.get_random_bytes(16))
        os._exit(0)
    assert os.waitpid(e.child, 0)[1] == 0
    theirs = os.read(e.r, 64)
    assert len({theirs[:16], theirs[16:], bytes(e.data[:16]), gorandom.get_random_bytes(16)}) == 4
