"""Does a child repeat a normally distributed number that its parent's generator has kept? Run by test_numpy.py."""

import os

import numpy as np

import gorandom

for kind in (np.random.Generator, np.random.RandomState):
    rng = kind(gorandom.BitGenerator())
    rng.normal()
    r, w = os.pipe()
    pid = os.fork()
    number = repr(float(rng.normal())).encode()
    if pid == 0:
        os._exit(os.write(w, number) == 0)
    assert os.waitpid(pid, 0)[1] == 0
    print(os.read(r, 100) == number)
