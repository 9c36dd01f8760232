"""Seed files in Python, for a process that has no Go core.

The promises, the format, the checks, their order and their messages are those of the Go package gorandom/seedfile,
which explains them. Python cannot erase the seeds that passed through its memory. A signal handler that raises in the
middle of a call ends the call; the file is then complete, either the old one or the new one.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import ExitStack, suppress
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

HEADING = b"gorandom seed 1\n"
SEED = 64  # bytes
SIZE = len(HEADING) + SEED + 32  # bytes of a file: a heading, the seed, and the SHA-256 digest of both
POOLS = 32
SOURCE = 251  # the number of the events that a seed becomes

KIND = "seedfile: not a regular file"
OWNER = "seedfile: belongs to another user"
MODE = "seedfile: readable or writable by other users"
LINKED = "seedfile: has another name, under which its seed would be used again"
WRONG_SIZE = "seedfile: not of a seed file's size: another file, or one that was cut short"
VERSION = "seedfile: not a seed file of this version"
DIGEST = "seedfile: torn: its digest does not fit its seed"
LOCKED = "seedfile: locked by another process"


class Refused(Exception):
    """The file is not a valid or a safe seed file."""


class Locked(Exception):
    """Another process, or another call in this one, has the lock."""


def encode(seed: bytes) -> bytes:
    """Return the content of a file with this seed."""
    content = HEADING + seed
    return content + sha256(content).digest()


def decode(content: bytes) -> bytes:
    """Return the seed of a file with this content."""
    if len(content) != SIZE:
        raise Refused(WRONG_SIZE)
    if not content.startswith(HEADING):
        raise Refused(VERSION)
    seed = content[len(HEADING) : -32]
    if encode(seed) != content:
        raise Refused(DIGEST)
    return seed


def _derive(purpose: bytes, i: int, a: bytes, b: bytes) -> bytes:
    """Return a value that reveals nothing about the values for another purpose or number."""
    return sha256(HEADING + purpose.ljust(8, b"\0") + bytes([i]) + a + b).digest()


def events(seed: bytes) -> list[bytes]:
    """Return the events that a seed becomes: one for each pool, each dependent on the whole seed."""
    return [_derive(b"event", i, seed, bytes(SEED)) for i in range(POOLS)]


def renew(path: bytes, fresh: bytes) -> bytes:
    """Replace the file's seed with one that depends on it and on fresh bytes. Return the old one, which may be used once.

    Raises Locked, Refused, or OSError.
    """
    with _File(path) as file:
        old = file.read()
        file.write(b"".join(_derive(b"next", i, old, fresh) for i in range(SEED // 32)))
    return old


def save(path: bytes, fresh: bytes) -> None:
    """Write fresh bytes as the seed, to a new file if there is none. Raises the same as renew()."""
    with _File(path) as file:
        file.judge_replaced()
        file.write(fresh)


def _try(function: Callable[[Any], object], argument: Any) -> None:
    with suppress(OSError):
        function(argument)


class _File:
    """A seed file whose lock is held."""

    def __init__(self, path: bytes) -> None:
        parent, self.name = os.path.split(path)
        if self.name in (b"", b".", b".."):
            raise Refused(KIND)
        with ExitStack() as stack:
            self.folder = _Folder(parent)
            stack.callback(self.folder.close)
            fd = self._open(b".lock", os.O_RDWR | os.O_CREAT, stack)
            self._take(fd, False, stack)
            _make_private(fd)
            self.stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def _open(self, suffix: bytes, flags: int, stack: ExitStack) -> int:
        try:
            fd = self.folder.open(self.name + suffix, flags)
        except OSError as error:
            # The errors of open(2) for a symbolic link with O_NOFOLLOW, for a directory, and for a socket.
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO):
                raise Refused(KIND) from None
            raise
        stack.callback(os.close, fd)
        return fd

    def _take(self, fd: int, private: bool, stack: ExitStack) -> None:
        """Lock an open file until the stack ends. Closing it would not unlock it: a forked child may have a copy."""
        _judge(os.fstat(fd), private)
        _lock(fd)
        stack.callback(_try, _unlock, fd)

    def read(self) -> bytes:
        """Return the seed.

        Where the lock file can be removed, the seed file is locked too, until the end. Otherwise two calls could each
        have a lock and read the same seed.
        """
        with ExitStack() as stack:
            fd = self._open(b"", os.O_RDWR, stack)  # NFS locks only files that are open for writing
            self._take(fd, True, stack)
            if not os.path.samestat(os.fstat(fd), self.folder.stat(self.name)):
                raise Locked(LOCKED)  # another call used and replaced it before this one got the lock
            content = b""
            while len(content) <= SIZE and (piece := os.read(fd, SIZE + 1 - len(content))):
                content += piece
            if self.folder.keeps_open:
                self.stack.push(stack.pop_all())
        return decode(content)

    def judge_replaced(self) -> None:
        """Refuse to replace anything that is not this user's regular file."""
        try:
            status = self.folder.stat(self.name)
        except FileNotFoundError:
            return
        _judge(status, False)

    def write(self, seed: bytes) -> None:
        """Replace the file in one step, and return when the change is on the disk."""
        new = self.name + b".new"
        with suppress(FileNotFoundError):  # a process that died left it, because this one holds the lock
            self.folder.remove(new)
        with ExitStack() as undo:
            with ExitStack() as stack:
                fd = self._open(b".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, stack)
                undo.callback(_try, self.folder.remove, new)
                _make_private(fd)
                content = memoryview(encode(seed))
                while content:
                    written = os.write(fd, content)
                    if written <= 0:
                        raise OSError(errno.EIO, os.strerror(errno.EIO))
                    content = content[written:]
                os.fsync(fd)
            self.folder.replace(new, self.name)
            undo.pop_all()
        self.folder.sync()


if sys.platform != "win32":
    import fcntl

    _ALWAYS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

    class _Folder:
        """An open directory, so that renaming it meanwhile makes no difference."""

        keeps_open = True

        def __init__(self, path: bytes) -> None:
            self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

        def open(self, name: bytes, flags: int) -> int:
            return os.open(name, flags | _ALWAYS, 0o600, dir_fd=self.fd)

        def stat(self, name: bytes) -> os.stat_result:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False)

        def replace(self, old: bytes, new: bytes) -> None:
            os.rename(old, new, src_dir_fd=self.fd, dst_dir_fd=self.fd)

        def remove(self, name: bytes) -> None:
            os.unlink(name, dir_fd=self.fd)

        def sync(self) -> None:
            os.fsync(self.fd)

        def close(self) -> None:
            os.close(self.fd)

    def _judge(status: os.stat_result, private: bool) -> None:
        """Refuse a file that is not a regular file of this user.

        If it is to be private, also refuse a file that others have access to, or that has another name, under which its
        seed would be used again.
        """
        if not stat.S_ISREG(status.st_mode):
            raise Refused(KIND)
        if status.st_uid != os.geteuid():
            raise Refused(OWNER)
        if private and status.st_mode & 0o077:
            raise Refused(MODE)
        if private and status.st_nlink > 1:
            raise Refused(LINKED)

    def _lock(fd: int) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(LOCKED) from None

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)

    def _make_private(fd: int) -> None:
        """Set the mode, because the umask may have removed the owner's bits."""
        os.fchmod(fd, 0o600)

else:
    import ctypes
    import msvcrt

    class _Folder:
        """A directory's path: Windows cannot open directories, and does not remove or replace a file that is open."""

        keeps_open = False

        def __init__(self, path: bytes) -> None:
            os.stat(path)
            self.path = path

        def open(self, name: bytes, flags: int) -> int:
            with suppress(FileNotFoundError):
                if not stat.S_ISREG(self.stat(name).st_mode):  # open() would follow a link, and fail on a folder
                    raise Refused(KIND)
            return os.open(os.path.join(self.path, name), flags | os.O_BINARY | os.O_NOINHERIT, 0o600)

        def stat(self, name: bytes) -> os.stat_result:
            return os.lstat(os.path.join(self.path, name))

        def replace(self, old: bytes, new: bytes) -> None:
            """Replace a file and wait until the new name is on the disk. os.replace() does not wait for that."""
            replace_existing, write_through = 1, 8
            names = [os.fsdecode(os.path.join(self.path, name)) for name in (old, new)]
            if not _kernel32.MoveFileExW(*names, replace_existing | write_through):
                raise ctypes.WinError(ctypes.get_last_error())

        def remove(self, name: bytes) -> None:
            os.unlink(os.path.join(self.path, name))

        def sync(self) -> None:
            pass

        def close(self) -> None:
            pass

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.MoveFileExW.argtypes = [ctypes.c_wchar_p, ctypes.c_wchar_p, ctypes.c_ulong]

    def _judge(status: os.stat_result, private: bool) -> None:
        """Refuse what is not a regular file. Who may read it is in its folder's access list, which os.stat() can't show."""
        if not stat.S_ISREG(status.st_mode):
            raise Refused(KIND)
        if private and status.st_nlink > 1:
            raise Refused(LINKED)

    def _lock(fd: int) -> None:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            raise Locked(LOCKED) from None

    def _unlock(fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

    def _make_private(fd: int) -> None:
        pass
