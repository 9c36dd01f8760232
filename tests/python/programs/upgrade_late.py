"""A module that was not imported, argv[4], is needed after the package has changed on disk. Run by test_upgrade.py."""

import sys
from operator import attrgetter

import gorandom.compat.pycrypto.Random
from upgrade_steps import draw, fork, harm

import gorandom

name = sys.argv[4]
draw()
harm()
for _ in range(2):
    try:
        found = attrgetter(name.removesuffix("()"))(gorandom)
        if name.endswith("()"):
            found()
    except ImportError as error:
        print(error)
    draw()
    fork(1)
