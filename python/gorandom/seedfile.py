"""A seed file: part of the generator's entropy, kept for the next start of the machine.

    >>> from gorandom import seedfile
    >>> seedfile.save("/var/lib/example/seed")        # doctest: +SKIP
    64
    >>> seedfile.load("/var/lib/example/seed")        # doctest: +SKIP
    64

It follows Ferguson, Schneier, Kohno, Cryptography Engineering 9.6. ``load()`` writes the next seed to the disk, and
syncs file and directory, before any byte depends on the old one. So a seed is never used twice, even if the machine
loses power. The kernel's bytes are always mixed in, so a stolen file alone predicts nothing.

The functions may be called from any thread and in any process, and share files between processes. Each seed file has a
lock file, ``<file>.lock``, which is never removed, and for a moment a ``<file>.new``. Do not give another seed file
such a name. The functions leave no descriptor open. With a core, seeds stay in its memory and never become Python
objects.

A process without a core does the same work in Python, with the same files. Its draws come from the system, so a seed
that it loads has no effect on them. The seed is kept, as 32 of the newest hundred events, in case a core starts later.
Early at boot the functions wait until the system's generator is ready.
"""

from __future__ import annotations

import errno
import os
import time
from select import select

from . import _front, _seedfile
from ._forklock import no_forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

__all__ = ["SeedFileError", "load", "refresh", "save"]

if _front.state()["core_version"] is not None:
    from . import _core

SEED_BYTES = _seedfile.SEED
FIRST_NAP, LONGEST_NAP = 0.001, 0.05  # seconds

last: str | None = None
"""The file that was used last, for ``status()``."""


class SeedFileError(ValueError):
    """Raised if a file is refused. The file was not used, and it is unchanged.

    A file is refused if it is not a regular file, has another name (a hard link), is a symbolic link, belongs to another
    user, may be read or written by other users, has the wrong size, or is damaged.
    """


def _in_core(name: str, path: bytes) -> bool:
    """Let the core do it, and raise the error that it returns. False if there is no core that can be entered."""
    if not _front.start():  # asked each time, because the process may have been forked
        return False
    try:
        answer = getattr(_core, "gopy_Seed" + name)(path.hex())
    except RuntimeError:
        return False
    if answer:
        kind, number, text = answer.split(":", 2)
        if kind == "locked":
            raise _seedfile.Locked(text)
        if kind == "refused":
            raise _seedfile.Refused(text)
        if kind == "os":
            raise OSError(int(number), os.strerror(int(number)))
        if kind == "generator":
            raise OSError(errno.EIO, text)
        raise SystemError(text)
    return True


def _in_python(name: str, path: bytes, fresh: bytes) -> None:
    if name == "Save":
        _seedfile.save(path, fresh)
        return
    seed = _seedfile.renew(path, fresh)
    if name == "Load":
        for event in _seedfile.events(seed):
            _front.add_event(_seedfile.SOURCE, event)


def _call(name: str, path: str | bytes | PathLike[str] | PathLike[bytes], timeout: float) -> int:
    path = os.fsencode(path)
    if b"\0" in path:
        raise ValueError("embedded null byte")
    if not os.path.isabs(path):
        path = os.path.join(os.getcwdb(), path)  # not abspath(): only the kernel knows what ".." after a link is
    if not timeout >= 0:
        raise ValueError("timeout must be non-negative")
    global last
    left, nap = timeout, FIRST_NAP  # naps are counted, because a clock may stand still (in tests) or jump
    while True:
        fresh = _front.get_random_bytes(SEED_BYTES)  # may wait, so no lock is held
        try:
            # Without no_forks, a child that is forked during a call would keep a copy of the descriptor that locks the
            # file. So the lock would stay held even after the parent's death.
            with no_forks:
                if not _in_core(name, path):
                    _in_python(name, path, fresh)
                last = os.fsdecode(path)
            return SEED_BYTES
        except _seedfile.Refused as refusal:
            raise SeedFileError(f"{refusal}: {os.fsdecode(path)!r}") from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fsdecode(path)) from None
        except _seedfile.Locked as locked:
            if left <= 0:
                raise TimeoutError(f"{locked}: {os.fsdecode(path)!r}") from None
        nap = min(nap, left)
        if os.name == "nt":
            time.sleep(nap)  # select() refuses empty lists there
        else:
            select((), (), (), nap)  # time.sleep() reads a clock, and never ends under libfaketime
        left, nap = left - nap, min(2 * nap, LONGEST_NAP)


def load(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Replace the file's seed with a new one, mix the old one into the generator, and return its size, 64 bytes.

    With a core, the old seed takes effect before the next byte in any thread. ``timeout`` is how many seconds to wait
    while another process holds the lock. Seconds slept are counted, so a clock that is stopped or set does not matter.

    TimeoutError if the lock was not released in time. OSError (FileNotFoundError, PermissionError, ...) if the file or
    its directory cannot be read or written. SeedFileError if the file is refused. ValueError for a negative timeout or
    a NUL byte in the path. After an error nothing was mixed in.
    """
    size = _call("Load", path, timeout)
    _front.reseed()  # makes the threads' pools stale; only the front can do that
    return size


def refresh(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Replace the file's seed with one that depends on it and on the generator, and return its size, 64 bytes.

    Long-running programs should call this from time to time. Errors as for ``load()``.
    """
    return _call("Refresh", path, timeout)


def save(path: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float = 10.0) -> int:
    """Write a new seed with mode 0600, and return its size, 64 bytes. The file is created if there is none.

    A damaged file, or one with another mode, is replaced. SeedFileError if it is not a regular file of this user.
    Other errors as for ``load()``. After an error the file is complete, either the old one or the new one.
    """
    return _call("Save", path, timeout)
