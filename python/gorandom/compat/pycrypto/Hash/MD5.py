"""PyCrypto's ``Crypto.Hash.MD5``: MD5 (RFC 1321). It is broken: use it only for formats that require it."""

from ._face import face

__all__ = ["new", "digest_size"]

new = face("md5", __name__)
digest_size, block_size = 16, 64  # bytes
