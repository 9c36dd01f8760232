"""PyCrypto's ``Crypto.Hash.SHA384``: SHA-384 (FIPS 180-4)."""

from ._face import face

__all__ = ["new", "digest_size"]

new, digest_size, block_size = face("sha384", __name__)
