"""What the programs of test_install_crypto.py share: PyCrypto's names and gorandom's. The import installs."""

import gorandom

gorandom.install_as_crypto()
RANDOM = [
    "random",
    "_UserFriendlyRNG",
    "Fortuna",
    "Fortuna.SHAd256",
    "Fortuna.FortunaGenerator",
    "Fortuna.FortunaAccumulator",
    "OSRNG",
    "OSRNG.posix",
    "OSRNG.fallback",
    "OSRNG.nt",
    "OSRNG.rng_base",
]
NAMES = ["Random", "Util.randpool", "pct_warnings", *("Random." + name for name in RANDOM)]
NAMES = {"Crypto." + name: "gorandom.compat.pycrypto." + name for name in NAMES}
