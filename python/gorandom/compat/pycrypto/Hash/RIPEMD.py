"""PyCrypto's ``Crypto.Hash.RIPEMD``: RIPEMD-160. ImportError where OpenSSL comes without it."""

from ._face import face

__all__ = ["new", "digest_size"]

new, digest_size, block_size = face("ripemd160", __name__)
