"""PyCrypto's ``Crypto.Hash.SHA384``: SHA-384 (FIPS 180-4)."""

from ._face import face

__all__ = ["new", "digest_size"]

new = face("sha384", __name__)
digest_size, block_size = 48, 128  # bytes
