"""PyCrypto's ``Crypto.Hash.SHA256``: SHA-256 (FIPS 180-4)."""

from ._face import face

__all__ = ["new", "digest_size"]

new = face("sha256", __name__)
digest_size, block_size = 32, 64  # bytes
