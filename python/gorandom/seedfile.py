"""A seed file: what the generator knew, kept for the next start of the machine.

    >>> from gorandom import seedfile
    >>> seedfile.save("/var/lib/example/seed")        # doctest: +SKIP
    64
    >>> seedfile.load("/var/lib/example/seed")        # doctest: +SKIP
    64

After Ferguson, Schneier, Kohno, Cryptography Engineering 9.6. ``load()`` has the next seed on the disk, file
and directory, before the first byte depends on the old one, so a seed is never used twice even if the machine
loses power. The kernel's bytes are always mixed in: a stolen file alone predicts nothing.

Beside the file stands ``<file>.lock``, which stays, and for a moment ``<file>.new``: no other seed file may have
such a name. No descriptor is open when a function returns. Seeds stay in the Go core and never become Python
objects, so a process that can have no core gets RuntimeError with ``status().reason``.
"""

from __future__ import annotations

import os
import time

from . import _front
from ._forklock import ForkLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

__all__ = ["SeedFileError", "load", "refresh", "save"]

if _front.state()["core_version"] is not None:
    from . import _core

SEED_BYTES = 64  # SeedSize in gorandom/seedfile
FIRST_NAP, LONGEST_NAP = 0.001, 0.05  # seconds

# Held around each call and across os.fork(): a child forked in the middle of one would keep a copy of the
# lock's descriptor, and with it the lock, after its parent's death.
_calls = ForkLock()


class SeedFileError(ValueError):
    """The file is refused: not a regular file, a symbolic link, another user's, open to other users, of a
    wrong size, or torn. Nothing of it was used, and it is as it was."""


def _call(name: str, path: str | bytes | PathLike[str] | PathLike[bytes], timeout: float) -> int:
    path = os.fsencode(path)
    if b"\0" in path:
        raise ValueError("embedded null byte")
    if not os.path.isabs(path):
        path = os.path.join(os.getcwdb(), path)  # not abspath(): the kernel alone knows what ".." behind a link is
    end = time.monotonic() + timeout
    if not timeout >= 0:
        raise ValueError("timeout must be non-negative")
    nap = FIRST_NAP
    while True:
        with _calls.lock:
            # Each time: the process may have been forked since the last.
            if not _front.start():
                raise RuntimeError("a seed file needs the core: " + _front.state()["reason"])
            answer = getattr(_core, name)(path.hex())
        if not answer:
            return SEED_BYTES
        kind, number, text = answer.split(":", 2)
        if kind == "refused":
            raise SeedFileError(f"{text}: {os.fsdecode(path)!r}")
        if kind == "os":
            raise OSError(int(number), os.strerror(int(number)), os.fsdecode(path))
        if kind != "locked":
            raise RuntimeError(text)
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{text}: {os.fsdecode(path)!r}")
        time.sleep(min(nap, left))
        nap = min(2 * nap, LONGEST_NAP)


def load(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Mixes the file's seed into the generator, after another seed has taken its place; returns its size, 64.

    It acts before the next byte in any thread. ``timeout``, in seconds, is how long another process's lock is
    waited for: TimeoutError. OSError (FileNotFoundError, PermissionError, ...) if the file or its directory
    cannot be read or written, SeedFileError if the file is refused; then nothing was mixed in.
    """
    size = _call("gopy_SeedLoad", path, timeout)
    _front.reseed()  # makes the threads' pools stale, which only the front can
    return size


def refresh(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Replaces the file's seed by one that depends on it and on the generator; returns its size, 64.

    For programs that run long: from time to time. Errors as of ``load()``.
    """
    return _call("gopy_SeedRefresh", path, timeout)


def save(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Writes a new seed, with mode 0600; makes the file if there is none. Returns the seed's size, 64.

    A damaged file, or one with another mode, is replaced; SeedFileError for what is not a regular file of
    this user. Other errors as of ``load()``; then the file is the old one or the new one, whole.
    """
    return _call("gopy_SeedSave", path, timeout)
