"""A seed file: part of the generator's entropy, kept for the next start of the machine.

    >>> from gorandom import seedfile
    >>> seedfile.save("/var/lib/example/seed")        # doctest: +SKIP
    64
    >>> seedfile.load("/var/lib/example/seed")        # doctest: +SKIP
    64

After Ferguson, Schneier, Kohno, Cryptography Engineering 9.6. ``load()`` writes the next seed to the disk, file and
directory, before the first byte depends on the old one. So a seed is never used twice, even if the machine loses
power. The kernel's bytes are always mixed in: a stolen file alone predicts nothing.

Each seed file has a lock, ``<file>.lock``, which is not removed, and for a moment ``<file>.new``. No other seed file
may have such a name. No descriptor is open when a function returns. Seeds stay in the Go core and never become
Python objects, so in a process without a core the functions raise RuntimeError with ``status().reason``.
"""

from __future__ import annotations

import os
import time

from . import _front
from ._forklock import no_forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

__all__ = ["SeedFileError", "load", "refresh", "save"]

if _front.state()["core_version"] is not None:
    from . import _core

SEED_BYTES = 64  # SeedSize in gorandom/seedfile
FIRST_NAP, LONGEST_NAP = 0.001, 0.05  # seconds


class SeedFileError(ValueError):
    """The file is refused, was not used and is unchanged.

    It is not a regular file, or is a symbolic link, belongs to another user, is open to other users, has a wrong
    size, or is torn.
    """


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
        # Without the lock a child that is forked during a call would keep a copy of the descriptor that locks the file,
        # and with it that lock, after its parent's death.
        with no_forks:
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
    """Replace the file's seed by a new one, mix the old one into the generator, and return its size, 64 bytes.

    It acts before the next byte in any thread. ``timeout`` is how many seconds to wait for a lock that another
    process holds; then TimeoutError. OSError (FileNotFoundError, PermissionError, ...) if the file or its directory
    cannot be read or written, SeedFileError if the file is refused. After an error nothing was mixed in.
    """
    size = _call("gopy_SeedLoad", path, timeout)
    _front.reseed()  # makes the threads' pools stale, which only the front can
    return size


def refresh(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Replace the file's seed by one that depends on it and on the generator, and return its size, 64 bytes.

    Programs that run long call this from time to time. Errors as ``load()``.
    """
    return _call("gopy_SeedRefresh", path, timeout)


def save(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Write a new seed with mode 0600, to a new file if there is none, and return its size, 64 bytes.

    A damaged file, or one with another mode, is replaced. SeedFileError if it is not a regular file of this user.
    Other errors as ``load()``. After an error the file is the old one or the new one, whole.
    """
    return _call("gopy_SeedSave", path, timeout)
