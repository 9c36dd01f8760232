"""A program that uses all public names of gorandom, and fails if one does not work. tests/freeze/freeze.py packs it."""

import multiprocessing
import os
import sys

import gorandom

gorandom.install_as_crypto()
from Crypto import Random  # noqa: E402


def modules():
    """The modules that programs import by name; ssl may be missing, and numpy is missing."""
    from gorandom.compat import m2crypto, osrandom, pycrypto

    from gorandom import compat, hmac, openssl, random, secrets, seedfile, signing

    return [compat, hmac, openssl, random, secrets, seedfile, signing, m2crypto, osrandom, pycrypto]


def crypto():
    from Crypto.Hash import HMAC, SHA256
    from Crypto.Random import OSRNG, Fortuna, _UserFriendlyRNG
    from Crypto.Random.Fortuna import SHAd256
    from Crypto.Util import randpool

    assert HMAC.new(b"k", b"x", SHA256).digest() == gorandom.hmac.digest(b"k", b"x", "sha256")
    assert len(OSRNG.new().read(4)) == len(_UserFriendlyRNG.get_random_bytes(4)) == len(randpool.RandomPool().get_bytes(4)) == 4
    assert SHAd256 is Fortuna.SHAd256


def worker(i):
    return Random.new().read(16)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    for name in gorandom.__all__:
        getattr(gorandom, name)
    assert len(gorandom.get_random_bytes(16)) == 16
    assert gorandom.uuid4().version == 4 and gorandom.uuid7_time(gorandom.uuid7(timestamp=7)) == 7
    assert 0 <= gorandom.SystemRandom().random() < 1
    gorandom.add_event(b"x" * 100)
    modules()
    crypto()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert len(set(pool.map(worker, range(4)))) == 4
    status = gorandom.status()
    print(status.mode, status.core_version, "numpy" in sys.modules, os.path.basename(sys.executable))
