"""Workers of a program that knows nothing of gorandom. test_run.py runs a copy by python -m gorandom run."""

import multiprocessing
import sys

from Crypto.Random import atfork, get_random_bytes, random


def work(i):
    import Crypto.Random._UserFriendlyRNG as own
    from Crypto.Util.randpool import RandomPool

    import gorandom

    assert own is gorandom.compat.pycrypto.Random._UserFriendlyRNG and random is gorandom.compat.pycrypto.Random.random
    assert random.getrandbits is gorandom.random.getrandbits and get_random_bytes is gorandom.get_random_bytes
    assert sys.modules["Crypto.Random"] is gorandom.compat.pycrypto.Random
    assert RandomPool.__module__ == "gorandom.compat.pycrypto.Util.randpool"
    return get_random_bytes(16), random.getrandbits(128)


if __name__ == "__main__":
    get_random_bytes(16)
    with multiprocessing.get_context(sys.argv[1]).Pool(2, initializer=atfork) as pool:
        drawn = [token for pair in pool.map(work, range(30), chunksize=1) for token in pair]
        pool.close()
        pool.join()
    print(len(drawn), len(set(drawn)))
