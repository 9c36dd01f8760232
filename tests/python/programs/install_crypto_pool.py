"""Workers of a program that imports Crypto.Random at its top. Run by test_install_crypto.py."""

import multiprocessing
import sys

import gorandom

gorandom.install_as_crypto()
import Crypto.Random  # noqa: E402
from Crypto.Random import atfork, get_random_bytes, new  # noqa: E402


def work(i):
    import Crypto.Random as again

    assert again is gorandom.compat.pycrypto.Random is sys.modules["Crypto.Random"] is Crypto.Random
    return get_random_bytes(16), new().read(16), gorandom.status().generation


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    get_random_bytes(16)
    with context.Pool(3, initializer=atfork) as pool:
        results = pool.map(work, range(60), chunksize=1)
        pool.close()
        pool.join()
    drawn = [t for r in results for t in r[:2]] + [get_random_bytes(16)]
    print(len(drawn), len(set(drawn)), any("Crypto.Cipher" in m for m in sys.modules))
