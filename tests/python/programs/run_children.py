"""Starts itself again, like a program that reloads itself, in the way that its arguments say. test_run.py runs a copy by
python -m gorandom run.

Prints what the child reports: the module of Crypto.Random, and its environment without what the program itself has
set.
"""

import json
import multiprocessing
import os
import subprocess
import sys

from Crypto import Random

WORDS = sys.argv[1:]


def say():
    print(json.dumps({"module": Random.__name__, "argv": sys.argv[1:], "environment": dict(os.environ)}), flush=True)


if __name__ == "__main__":
    if WORDS == ["child"]:
        say()
    elif WORDS == ["subprocess"]:
        sys.exit(subprocess.call([sys.executable, __file__, "child"]))
    elif WORDS == ["environment"]:  # Django's reloader
        sys.exit(subprocess.call([sys.executable, __file__, "child"], env={**os.environ, "RUN_MAIN": "true"}))
    elif WORDS == ["exec"]:
        os.execv(sys.executable, [sys.executable, __file__, "child"])
    elif WORDS == ["grandchild"]:
        sys.exit(subprocess.call([sys.executable, __file__, "subprocess"]))
    elif WORDS == ["again"]:
        sys.exit(subprocess.call([sys.executable, "-m", "gorandom", "run", __file__, "subprocess"]))
    elif WORDS == ["spawn"]:
        child = multiprocessing.get_context("spawn").Process(target=say)
        child.start()
        child.join()
        sys.exit(child.exitcode)
    elif WORDS == ["other"]:
        # Another interpreter, which has no gorandom.
        sys.exit(subprocess.call([os.environ["OTHER"], "-c", os.environ["PROGRAM"]]))
