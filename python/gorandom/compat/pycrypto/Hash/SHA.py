"""PyCrypto's ``Crypto.Hash.SHA``: SHA-1 (FIPS 180-4). It is broken: use it only for formats that require it."""

from ._face import face

__all__ = ["new", "digest_size"]

new = face("sha1", __name__)
digest_size, block_size = 20, 64  # bytes
