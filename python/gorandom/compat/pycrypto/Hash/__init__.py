"""PyCrypto's ``Crypto.Hash``: HMAC, and the hash modules whose hashes hashlib has. MD2 and MD4 are not here."""
