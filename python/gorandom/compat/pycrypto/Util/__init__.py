"""The part of PyCrypto's ``Crypto.Util`` that concerns random bytes."""
