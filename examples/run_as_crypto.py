"""Runs an unchanged program that imports Crypto.Random, over gorandom or over naive.py.

    python examples/run_as_crypto.py gorandom|naive PROGRAM
"""

import multiprocessing
import runpy
import sys
import types


def main(generator, program):
    if generator == "gorandom":
        import gorandom

        gorandom.install_as_crypto()
    elif generator == "naive":
        import naive

        sys.modules["Crypto"] = types.ModuleType("Crypto")
        sys.modules["Crypto"].Random = sys.modules["Crypto.Random"] = naive
    else:
        sys.exit(__doc__)
    # The default until Python 3.14, and what a program of 2013 expects.
    multiprocessing.set_start_method("fork")
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
