"""An argument's __index__ forks before the draw: test_api_arguments.py runs this."""

import os
import signal
import sys

import gorandom

gorandom.get_random_bytes(16)


class Index:
    def __index__(self):
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, []), "called inside the gate"
        self.r, w = os.pipe()
        self.child = os.fork()
        if not self.child:
            self.w = w
        else:
            os.close(w)
        return 16


size = Index()
if sys.argv[1] == "urandom":
    drawn = gorandom.urandom(size)
else:
    gorandom._front.add_event(size, b"x")
    drawn = gorandom.urandom(16)
if not size.child:
    os.write(size.w, drawn + gorandom.get_random_bytes(16))
    os._exit(0)
_, how = os.waitpid(size.child, 0)
theirs = os.read(size.r, 64)
assert how == 0 and len(theirs) == 32, (how, theirs)
all = {drawn, gorandom.get_random_bytes(16), theirs[:16], theirs[16:]}
assert len(all) == 4, "the child repeats the parent's bytes"
