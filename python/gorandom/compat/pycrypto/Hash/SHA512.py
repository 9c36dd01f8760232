"""PyCrypto's ``Crypto.Hash.SHA512``: SHA-512 (FIPS 180-4)."""

from ._face import face

__all__ = ["new", "digest_size"]

new = face("sha512", __name__)
digest_size, block_size = 64, 128  # bytes
