"""What PyCrypto's hash modules have in common: PEP 247's names over hashlib."""

import hashlib


class Hash:
    """A hash object; made by a module's ``new()`` or by another's. ``copy()`` is an independent one of the same state.

    A str is a TypeError. Like hashlib's it can be used by several threads, and finished in a forked child.
    """

    __slots__ = ("_hash",)

    def __init__(self, made):
        self._hash = made

    @property
    def name(self):
        """The name that hashlib has for it."""
        return self._hash.name

    @property
    def digest_size(self):
        """Bytes of a digest."""
        return self._hash.digest_size

    @property
    def block_size(self):
        """Bytes that are hashed at a time; HMAC needs to know."""
        return self._hash.block_size

    def update(self, data):
        """Hashes more bytes."""
        self._hash.update(data)

    def digest(self):
        """The digest of what was hashed so far; more may follow."""
        return self._hash.digest()

    def hexdigest(self):
        """``digest()`` as a str of lower-case hexadecimal digits."""
        return self._hash.hexdigest()

    def copy(self):
        """An independent object that has hashed the same."""
        return Hash(self._hash.copy())

    def new(self, data=None):
        """A fresh object of the same kind, as the module's ``new()``."""
        return _make(self._hash.name, data)


def _make(name, data):
    return Hash(hashlib.new(name) if data is None else hashlib.new(name, data))


def face(name):
    """A module's ``new``, ``digest_size`` and ``block_size``. ImportError where hashlib does not have the hash."""
    try:
        made = hashlib.new(name)
    except ValueError as error:
        raise ImportError(f"this Python's hashlib has no {name}: {error}") from None

    def new(data=None):
        """A hash object that has hashed data, by default nothing."""
        return _make(name, data)

    return new, made.digest_size, made.block_size
