"""The submodules that "import Crypto.Random" loads; argv[1] was imported before. Run by test_install_crypto.py."""

import sys

import gorandom

first, random_before = sys.argv[1], False
if first == "theirs":
    try:
        import Crypto.Random
        import Crypto.Random.random

        random_before = True
    except ImportError:
        pass  # there is none
elif first == "ours":
    import gorandom.compat.pycrypto.Random._UserFriendlyRNG
    import gorandom.compat.pycrypto.Random.Fortuna.SHAd256
gorandom.install_as_crypto()
import Crypto.Random  # noqa: E402

there = {name for name in sys.modules if name.startswith("Crypto.Random.")}
assert ("Crypto.Random.random" in there) == random_before
assert there - {"Crypto.Random.random"} == {
    "Crypto.Random." + name
    for name in (
        "_UserFriendlyRNG",
        "Fortuna",
        "Fortuna.FortunaAccumulator",
        "Fortuna.FortunaGenerator",
        "Fortuna.SHAd256",
        "OSRNG",
        "OSRNG.posix",
        "OSRNG.rng_base",
    )
}, there
assert "Crypto.pct_warnings" in sys.modules
assert Crypto.Random.Fortuna.SHAd256.new(b"").digest_size == 32 and Crypto.Random.OSRNG.posix.DevURandomRNG
assert (
    Crypto.Random.Fortuna.FortunaGenerator.AESGenerator.key_size == 32
    and Crypto.Random.Fortuna.FortunaAccumulator.FortunaPool
)
assert sys.modules["Crypto.Random._UserFriendlyRNG"]._get_singleton() is Crypto.Random._UserFriendlyRNG._get_singleton()
assert hasattr(Crypto.Random, "random") == random_before
import Crypto.Random.random  # noqa: E402

assert sys.modules["Crypto.Random.random"] is Crypto.Random.random is gorandom.compat.pycrypto.Random.random
