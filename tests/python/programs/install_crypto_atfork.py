"""gorandom.atfork initializes workers where nothing was installed. Run by test_install_crypto.py."""

import multiprocessing
import sys

import gorandom


def work(i):
    return gorandom.get_random_bytes(16), gorandom.get_random_bytes(5000)[:16]


if __name__ == "__main__":
    gorandom.get_random_bytes(16)
    drawn = []
    for method in ("fork", "forkserver", "spawn"):
        with multiprocessing.get_context(method).Pool(2, initializer=gorandom.atfork, maxtasksperchild=5) as pool:
            for pair in pool.map(work, range(30), chunksize=1):
                drawn += pair
            pool.close()
            pool.join()
    assert "Crypto" not in sys.modules
    print(len(drawn), len(set(drawn)))
