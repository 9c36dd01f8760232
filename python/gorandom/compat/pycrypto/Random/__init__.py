"""PyCrypto's ``Crypto.Random``."""
