"""Workers import Crypto.Random before gorandom: they find it by the alias alone. Run by test_install_crypto.py."""

# ruff: noqa: I001 The imports are in the order that is tested.
import multiprocessing
import sys

if __name__ == "__main__":
    import gorandom

    gorandom.install_as_crypto()
import Crypto.Random
from Crypto.Random import get_random_bytes


def work(i):
    import gorandom

    assert Crypto.Random is gorandom.compat.pycrypto.Random, Crypto.Random
    assert get_random_bytes is gorandom.get_random_bytes
    return get_random_bytes(16), Crypto.Random.new().read(16)


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(3) as pool:
        results = pool.map(work, range(60), chunksize=1)
        pool.close()
        pool.join()
    drawn = [t for r in results for t in r]
    print(len(drawn), len(set(drawn)))
