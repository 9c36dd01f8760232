"""PyCrypto's ``Crypto.Util``, as far as it is about random bytes."""
