"""PyCrypto's ``Crypto.Hash.RIPEMD``: RIPEMD-160. ``new()`` raises ValueError where OpenSSL lacks it."""

from ._face import face

__all__ = ["new", "digest_size"]

new = face("ripemd160", __name__)
digest_size, block_size = 20, 64  # bytes
