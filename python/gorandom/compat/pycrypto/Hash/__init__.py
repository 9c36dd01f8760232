"""PyCrypto's ``Crypto.Hash``: HMAC, and those of its hash modules that hashlib has. MD2 and MD4 are not here."""
