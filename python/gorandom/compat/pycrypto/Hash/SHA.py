"""PyCrypto's ``Crypto.Hash.SHA``: SHA-1 (FIPS 180-4). It is broken: for formats that ask for it."""

from ._face import face

__all__ = ["new", "digest_size"]

new, digest_size, block_size = face("sha1", __name__)
