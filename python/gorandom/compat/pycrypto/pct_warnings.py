"""PyCrypto's ``Crypto.pct_warnings``: the classes of its warnings, for programs that filter them."""

import warnings as _warnings


class CryptoWarning(Warning):
    """All of PyCrypto's warnings."""


class CryptoDeprecationWarning(DeprecationWarning, CryptoWarning):
    """Warnings about names that should not be used any more."""


class CryptoRuntimeWarning(RuntimeWarning, CryptoWarning):
    """Warnings about what happens at run time."""


class RandomPool_DeprecationWarning(CryptoDeprecationWarning):
    """``Crypto.Util.randpool.RandomPool`` was made."""


class ClockRewindWarning(CryptoRuntimeWarning):
    """The system's clock has gone back; by default shown each time."""


class GetRandomNumber_DeprecationWarning(CryptoDeprecationWarning):
    """``Crypto.Util.number.getRandomNumber`` was called. gorandom has no such function."""


class PowmInsecureWarning(CryptoRuntimeWarning):
    """PyCrypto was built without ``mpz_powm_sec``. gorandom does not use it."""


# Behind all other filters, so that whoever wants something else gets it.
_warnings.filterwarnings("always", category=ClockRewindWarning, append=True)
