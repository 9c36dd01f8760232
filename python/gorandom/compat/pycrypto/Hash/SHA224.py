"""PyCrypto's ``Crypto.Hash.SHA224``: SHA-224 (FIPS 180-4)."""

from ._face import face

__all__ = ["new", "digest_size"]

new = face("sha224", __name__)
digest_size, block_size = 28, 64  # bytes
