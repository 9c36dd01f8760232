"""Workers find the names under Crypto. Run by test_pycrypto_hmac.py."""

# ruff: noqa: I001 The imports are in the order that is tested.
import multiprocessing
import sys


def work(i):
    from Crypto.Hash import HMAC, SHA256
    import Crypto.Hash.HMAC  # noqa: F401

    return HMAC.__name__, HMAC.new(b"key", b"%d" % i, SHA256).hexdigest()


if __name__ == "__main__":
    import gorandom
    import hmac

    gorandom.install_as_crypto()
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        done = pool.map(work, range(8), chunksize=1)
        pool.close()
        pool.join()
    assert done == [
        ("gorandom.compat.pycrypto.Hash.HMAC", hmac.digest(b"key", b"%d" % i, "sha256").hex()) for i in range(8)
    ]
    print("sound")
