"""PyCrypto's ``Crypto.pct_warnings``: the classes of its warnings, for programs that filter them."""

import warnings as _warnings


class CryptoWarning(Warning):
    """The base class of PyCrypto's warnings."""


class CryptoDeprecationWarning(DeprecationWarning, CryptoWarning):
    """A warning about a name that should no longer be used."""


class CryptoRuntimeWarning(RuntimeWarning, CryptoWarning):
    """A warning about an event at run time."""


class RandomPool_DeprecationWarning(CryptoDeprecationWarning):
    """``Crypto.Util.randpool.RandomPool`` was made."""


class ClockRewindWarning(CryptoRuntimeWarning):
    """The system's clock went back. By default this is shown each time."""


class GetRandomNumber_DeprecationWarning(CryptoDeprecationWarning):
    """``Crypto.Util.number.getRandomNumber`` was called. gorandom has no such function."""


class PowmInsecureWarning(CryptoRuntimeWarning):
    """PyCrypto was built without ``mpz_powm_sec``. gorandom does not use it."""


# After all other filters, so that a program can override this one.
_warnings.filterwarnings("always", category=ClockRewindWarning, append=True)
