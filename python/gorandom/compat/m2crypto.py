"""M2Crypto.Rand over gorandom: ``from gorandom.compat import m2crypto as Rand``.

What programs add becomes an event for Fortuna. In direct mode events are kept in case a core starts later. Security
never depends on them. ``load_file`` reads any file that OpenSSL's RAND_load_file reads. For a seed file that survives
a power loss, use ``gorandom.seedfile``.
"""

from __future__ import annotations

import os
import stat
import sys

from gorandom import add_event, get_random_bytes, urandom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "rand_seed",
    "rand_add",
    "load_file",
    "save_file",
    "rand_bytes",
    "rand_pseudo_bytes",
    "rand_file_name",
    "rand_status",
]

FILE_BYTES = 1024  # as many as OpenSSL's RAND_write_file writes
READ_BYTES = 1024  # bytes of a file that make one event; a whole number of SHA-256's blocks
DEVICE_BYTES = 256  # as many as RAND_load_file reads from a file without a size, if told to read all of it
INT_MAX, LONG_MAX = (1 << 31) - 1, (1 << 63) - 1


class RandError(ValueError):
    """There is not enough randomness."""


def _number(value: int, most: int, function: str, argument: int, kind: str) -> int:
    # Like SWIG's glue, accept only ints, and nothing that could be converted to one.
    text = f"in method '{function}', argument {argument} of type '{kind}'"
    if not isinstance(value, int):
        raise TypeError(text)
    if not -most - 1 <= value <= most:
        raise OverflowError(text)
    return int(value)


def _path(value: str | bytes, function: str) -> bytes:
    if isinstance(value, str):
        value = os.fsencode(value)
    if not isinstance(value, bytes):
        raise TypeError(f"in method '{function}', argument 1 of type 'char const *'")
    if b"\0" in value:
        raise ValueError("embedded null byte")
    return value


def rand_seed(seed: Buffer) -> None:
    """Add a bytes-like object to a pool. It takes effect when Fortuna next uses that pool."""
    if memoryview(seed).nbytes:
        add_event(seed)


def rand_add(blob: Buffer, entropy: float) -> None:
    """Do ``rand_seed(blob)``. ``entropy``, an estimate in bytes, is ignored, because Fortuna needs none."""
    if not isinstance(entropy, (int, float)):
        raise TypeError("in method 'rand_add', argument 2 of type 'double'")
    rand_seed(blob)


def _draw(n: int, function: str) -> bytes:
    n = _number(n, INT_MAX, function, 1, "int")
    if n < 0:
        raise MemoryError(f"Insufficient memory for {function}.")
    try:
        return get_random_bytes(n)
    except OSError as e:
        raise RandError("Not enough randomness.") from e


def rand_bytes(n: int) -> bytes:
    """Return n random bytes, fit for keys. RandError if the system gives none, MemoryError if n is negative."""
    return _draw(n, "rand_bytes")


def rand_pseudo_bytes(n: int) -> tuple[bytes, int]:
    """Return ``(rand_bytes(n), 1)``. The 1 says that these bytes are fit for keys too."""
    return _draw(n, "rand_pseudo_bytes"), 1


def rand_status() -> int:
    """Return 1 if bytes can be drawn without waiting, else 0."""
    try:
        urandom(1)
    except OSError:
        return 0
    return 1


def _gained_privileges() -> bool:
    """Return whether the executed file gave privileges (AT_SECURE). Then the environment cannot be trusted."""
    if sys.platform == "win32":
        return False
    if os.getuid() != os.geteuid() or os.getgid() != os.getegid():
        return True
    try:
        with open("/proc/self/auxv", "rb") as f:
            words = memoryview(f.read()).cast("N")  # type: ignore[call-overload]
    except FileNotFoundError:
        return False
    except OSError:
        return True  # the kernel hides the file from such programs
    return any(words[i] == 23 and words[i + 1] for i in range(0, len(words) - 1, 2))


def rand_file_name() -> str:
    """Return ``$RANDFILE``, else ``$HOME/.rnd``, as a str. RuntimeError if neither is set.

    A process that gained privileges at exec ignores both, as OpenSSL does, and raises RuntimeError.
    """
    if not _gained_privileges():
        if os.environ.get("RANDFILE"):
            return os.environ["RANDFILE"]
        if os.environ.get("HOME"):
            return os.path.join(os.environ["HOME"], ".rnd")
    raise RuntimeError("rand_file_name")


def load_file(filename: str | bytes, max_bytes: int) -> int:
    """Add up to ``max_bytes`` bytes of any readable file to the pools, and return how many.

    A negative number means all of a regular file, and 256 bytes of a device or pipe. As in OpenSSL 1.1.1 and later,
    the result is -1 if the file cannot be opened, and after an error the number of bytes read before it.
    """
    path = _path(filename, "rand_load_file")
    left = _number(max_bytes, LONG_MAX, "rand_load_file", 2, "long")
    if left == 0:
        return 0
    try:
        f = open(path, "rb", buffering=0)
    except IsADirectoryError:
        return 0
    except OSError:
        return -1
    count = 0
    with f:
        if left < 0:
            status = os.fstat(f.fileno())
            left = status.st_size if stat.S_ISREG(status.st_mode) else DEVICE_BYTES
        while count < left:
            try:
                data = f.read(min(READ_BYTES, left - count))
            except OSError:
                break
            if not data:
                break
            add_event(data)
            count += len(data)
    return count


def save_file(filename: str | bytes) -> int:
    """Write 1024 random bytes to a file of mode 0600, atomically. Return 1024, or -1 if that fails.

    As in OpenSSL, symbolic links are followed, and only regular files are replaced.
    """
    path = os.path.realpath(_path(filename, "rand_save_file"))
    temporary = path + b"." + get_random_bytes(8).hex().encode()
    try:
        if os.path.lexists(path) and not os.path.isfile(path):
            return -1
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(fd, "wb") as f:
                f.write(get_random_bytes(FILE_BYTES))
                f.flush()
                os.fsync(fd)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        return -1
    return FILE_BYTES
