"""Other modules of gorandom have no name under Crypto. Run by test_install_crypto.py."""

import importlib

import install_crypto_names  # noqa: F401

for name in (
    "Crypto._install",
    "Crypto.Random._front",
    "Crypto.Random.secrets",
    "Crypto.Random._install",
    "Crypto.Random.Nothing",
    "Crypto.Random.Fortuna.nothing",
    "Crypto.Random.OSRNG.winrandom",
    "Crypto.Util.Nothing",
    "Crypto.Hash.Nothing",
    "Crypto.Hash._face",
):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as e:
        assert e.name == name and str(e) == f"No module named {name!r}", e
    else:
        raise AssertionError(name)
