"""The parents Crypto.Util and Crypto.Hash where there is no PyCryptodome. Run by test_install_crypto.py."""

import importlib.metadata
import sys

import install_crypto_names  # noqa: F401

try:
    importlib.metadata.distribution("pycryptodome")
except importlib.metadata.PackageNotFoundError:
    import Crypto.Hash
    import Crypto.Util

    assert (
        Crypto.Util is sys.modules["gorandom.compat.pycrypto.Util"]
        and Crypto.Hash is sys.modules["gorandom.compat.pycrypto.Hash"]
    )
    try:
        from Crypto.Hash import MD2  # noqa: F401
    except ImportError:
        pass
    else:
        raise AssertionError
