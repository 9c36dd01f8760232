"""HMAC (RFC 2104) as PyCrypto's and PyCryptodome's ``Crypto.Hash.HMAC`` have it, over ``gorandom.hmac``.

The two APIs contradict each other where no digest is named: it is MD5 here, and a TypeError there.
"""

from gorandom import hmac as _hmac

from ._face import Hash as _Hash

__all__ = ["new", "digest_size", "HMAC"]

digest_size = None
"""None: each object has its own."""


def _told(name, *tellers):
    return next((size for teller in tellers if (size := getattr(teller, name, None)) is not None), None)


class _Foreign:
    """Somebody else's hash object, with the sizes that its module tells, as the engine wants it."""

    __slots__ = ("_hash", "digest_size", "block_size")

    def __init__(self, made, digestmod):
        self._hash = made
        self.digest_size = _told("digest_size", digestmod, made) or len(self.digest())
        block_size = _told("block_size", digestmod, made)
        if block_size is not None:  # else the engine has its rule
            self.block_size = block_size

    def update(self, data):
        self._hash.update(data)

    def digest(self):
        # Of a copy: PyCryptodome's SHA-3 takes no more data after a digest.
        return self._hash.copy().digest()

    def hexdigest(self):
        return self.digest().hex()

    def copy(self):
        return _Foreign(self._hash.copy(), self)


def _constructor(digestmod):
    """What the engine takes for a hash module or object."""
    if digestmod is None:
        return "md5"
    made = digestmod.new()
    if isinstance(made, _Hash):
        return made.name

    def construct(data=b""):
        made = _Foreign(digestmod.new(), digestmod)
        if data:
            made.update(data)
        return made

    return construct


class HMAC:
    """An HMAC that is being computed, or checked.

    ``key`` and ``msg`` are bytes-like, of any length, and may change afterwards; a str is a TypeError. ``msg=None``
    is b"". ``digestmod`` is a hash module, a hash object, or anything with ``new``, ``digest_size`` and
    ``block_size``; by default it is MD5, as in PyCrypto, so name it. A hash of which nothing tells the block size
    is taken for one of 64 bytes, as in PyCrypto, with a RuntimeWarning.

    ``digest_size`` is the tag's length in bytes. An object begun before a fork can be finished in the child.
    """

    __slots__ = ("_mac", "digest_size")

    def __init__(self, key, msg=None, digestmod=None):
        if not isinstance(key, (bytes, bytearray)):
            key = memoryview(key).tobytes()
        self._mac = _hmac.new(key, msg, _constructor(digestmod))
        self.digest_size = self._mac.digest_size

    def update(self, msg):
        """Authenticates more bytes, after a ``digest()`` too. Returns the object itself."""
        self._mac.update(msg)
        return self

    def copy(self):
        """An independent object with the same key, hash and bytes so far."""
        other = HMAC.__new__(HMAC)
        other._mac, other.digest_size = self._mac.copy(), self.digest_size
        return other

    def digest(self):
        """The tag of the bytes so far, ``digest_size`` bytes; more may follow."""
        return self._mac.digest()

    def hexdigest(self):
        """``digest()`` as a str of lower-case hexadecimal digits."""
        return self._mac.hexdigest()

    def verify(self, mac_tag):
        """Returns None if ``mac_tag`` (bytes-like) is the tag, all of it; else ValueError("MAC check failed").

        Takes the same time wherever they differ.
        """
        self._mac.verify(mac_tag)

    def hexverify(self, hex_mac_tag):
        """As ``verify`` for hexadecimal digits, upper or lower case, in a str, bytes or bytearray.

        What is no hexadecimal number is a ``binascii.Error``, which is a ValueError.
        """
        self._mac.hexverify(hex_mac_tag)


def new(key, msg=None, digestmod=None):
    """``HMAC(key, msg, digestmod)``."""
    return HMAC(key, msg, digestmod)
