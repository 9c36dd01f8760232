"""PyCrypto's ``Crypto.Hash``, as far as it is here."""
