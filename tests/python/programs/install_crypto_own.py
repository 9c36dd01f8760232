"""Workers of a program that has its own Crypto beside it. Run by test_install_crypto.py, from another folder."""

import multiprocessing
import sys

import gorandom


def work(i):
    import Crypto
    import Crypto.Random

    assert Crypto.OWN and Crypto.Random is gorandom.compat.pycrypto.Random, Crypto.Random
    return Crypto.Random.get_random_bytes(16)


if __name__ == "__main__":
    gorandom.install_as_crypto()
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        drawn = pool.map(work, range(8), chunksize=1)
        pool.close()
        pool.join()
    print(len(set(drawn)))
