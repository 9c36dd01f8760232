"""Only the main process installs; a worker imports Crypto.Random by itself. Run by test_install_crypto.py."""

# ruff: noqa: I001 The imports are in the order that is tested.
import multiprocessing
import sys


def work(i):
    import gorandom
    from Crypto.Random import get_random_bytes
    import Crypto.Random

    assert Crypto.Random is gorandom.compat.pycrypto.Random, Crypto.Random
    try:
        import Crypto.Cipher

        other = True
    except ImportError:
        other = False
    return get_random_bytes(16), Crypto.Random.new().read(16), other


if __name__ == "__main__":
    import gorandom

    gorandom.install_as_crypto()
    import Crypto.Random

    context = multiprocessing.get_context(sys.argv[1])
    Crypto.Random.get_random_bytes(16)
    with context.Pool(3, initializer=Crypto.Random.atfork) as pool:
        results = pool.map(work, range(60), chunksize=1)
        pool.close()
        pool.join()
    drawn = [t for r in results for t in r[:2]] + [Crypto.Random.get_random_bytes(16)]
    print(len(drawn), len(set(drawn)), *{r[2] for r in results})
