"""PyCrypto's ``Crypto.Hash.SHA224``: SHA-224 (FIPS 180-4)."""

from ._face import face

__all__ = ["new", "digest_size"]

new, digest_size, block_size = face("sha224", __name__)
