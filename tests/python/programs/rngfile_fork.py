"""An RNGFile from before a fork draws different bytes in the child. Run by test_rngfile.py."""

import os

import gorandom

rng = gorandom.new()
mine = rng.read(16)
r, w = os.pipe()
child = os.fork()
if not child:
    os.write(w, rng.read(16) + rng.read(5000)[:16])
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
theirs = os.read(r, 64)
assert len({mine, rng.read(16), rng.read(5000)[:16], theirs[:16], theirs[16:]}) == 5
