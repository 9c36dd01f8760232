"""The system's sources of random bytes, with the names of cryptography's osrandom engine.

    >>> from gorandom.compat import osrandom
    >>> for source in osrandom.sources():
    ...     print(source.name, source.serves, source.reason)

The sources are called ``"getrandom"``, ``"/dev/urandom"``, ``"getentropy"`` and ``"CryptGenRandom"``, as in the
engine. A program that switched the engine through cryptography's backend can keep its calls after
``from gorandom.compat import osrandom as backend``.
"""

from __future__ import annotations

import errno as _errno
import os as _os
import stat as _stat
import sys as _sys
from dataclasses import dataclass as _dataclass

from gorandom import _front, _late, wait_for_system_rng
from gorandom._forklock import no_forks as _no_forks

__all__ = [
    "SYSTEMS",
    "Source",
    "activate_builtin_random",
    "activate_osrandom_engine",
    "implementation",
    "order",
    "osrandom_engine_implementation",
    "sources",
]

SYSTEMS = ("linux", "darwin", "freebsd", "openbsd", "win32")
"""The systems that ``order()`` knows, in the words of ``sys.platform``."""

# The sources in the order in which they are asked; a later one is used only where those before it are not available.
# The native package runs only on Linux; on the other systems os.urandom asks. The Go packages by themselves ask there
# as follows. On macOS and OpenBSD they use getentropy (the device was for versions older than any that Go supports). On
# FreeBSD they use getrandom, the system call behind getentropy. On Windows they use ProcessPrng, which CryptGenRandom
# ends in.
_ORDER = {
    "linux": ("getrandom", "/dev/urandom"),  # the call came with Linux 3.17
    "darwin": ("getentropy", "/dev/urandom"),
    "freebsd": ("getentropy", "/dev/urandom"),
    "openbsd": ("getentropy", "/dev/urandom"),
    "win32": ("CryptGenRandom",),
}

_URANDOM, _RANDOM = (1, 9), (1, 8)  # major and minor numbers: Linux' Documentation/admin-guide/devices.txt


@_dataclass(frozen=True)
class Source:
    """One source of a system's random bytes, and its state in this process."""

    name: str
    """Name in cryptography's osrandom engine."""
    serves: bool
    """Whether bytes come from it, which is true for one source."""
    reason: str
    """Why it serves, or why it does not."""


def _system(platform: str) -> str:
    for name in SYSTEMS:
        if platform.startswith(name):  # "freebsd14", "openbsd7"
            return name
    raise ValueError(f"no sources are known for {platform!r}; for these they are: {', '.join(SYSTEMS)}")


def order(system: str | None = None) -> tuple[str, ...]:
    """Return the names of a system's sources, in the order in which they are asked.

    ``system`` is a value of ``sys.platform``, by default that of this process. ValueError if it is not among
    ``SYSTEMS``, TypeError if it is not a str.
    """
    if system is None:
        system = _sys.platform
    elif not isinstance(system, str):
        raise TypeError("system must be a str")
    return _ORDER[_system(system)]


def implementation() -> str:
    """Return the name of the source that served this process's last draw from the system.

    If there was no draw yet, one byte is drawn. BlockingIOError while the system's generator has not been seeded,
    OSError if no source works.
    """
    try:
        wait_for_system_rng(0)
    except TimeoutError:
        raise BlockingIOError("system random number generator is not ready") from None
    return _front.state()["implementation"]


def _getrandom_refusal() -> str:
    """Return why getrandom does not serve."""
    try:
        _os.getrandom(1, _os.GRND_NONBLOCK)
    except AttributeError:
        return "this C library has no getrandom"
    except OSError as e:
        if e.errno == _errno.ENOSYS:
            return "ENOSYS: the kernel has no getrandom (it came with Linux 3.17), or a filter of system calls hides it"
        if e.errno == _errno.EPERM:
            return "EPERM: a filter of system calls (seccomp) refuses getrandom"
        return f"getrandom fails: {e}"
    return "it answers now, but refused at this process's last draw from the system"


def _is_device(path: str, numbers: tuple[int, int]) -> bool:
    found = _os.stat(path)
    return _stat.S_ISCHR(found.st_mode) and (_os.major(found.st_rdev), _os.minor(found.st_rdev)) == numbers


def _device_state() -> str:
    """Return whether /dev/urandom could serve, as the end of a sentence."""
    for path, numbers in (("/dev/urandom", _URANDOM), ("/dev/random", _RANDOM)):
        try:
            if not _is_device(path, numbers):
                return f"and could not step in: {path} is not the device {numbers[0]}:{numbers[1]}"
        except OSError as e:
            return f"and could not step in: {e}"
    return "and would step in where getrandom is refused (ENOSYS, EPERM)"


def sources() -> tuple[Source, ...]:
    """Return this system's sources as a tuple of frozen ``Source``, in the order in which they are asked.

    Exactly one serves. The reason of each source after it also says whether that source could step in. Errors as in
    ``implementation()``.
    """
    serving = implementation()
    in_python = _front.state()["mode"] == "system"
    found = []
    for name in order():
        serves = name == serving
        if in_python and name != "getrandom":
            reason = "os.urandom asks it" if serves else f"not asked: {serving} answers"
        elif serves and name == "/dev/urandom":
            reason = "getrandom is refused; its descriptor is kept, and checked to be the device 1:9 at each use"
        elif serves:
            reason = "it is the first, and it answers"
        elif name == "getrandom":
            reason = _getrandom_refusal()
        else:
            reason = f"not asked: {serving} answers; " + _device_state()
        found.append(Source(name, serves, reason))
    return tuple(found)


def osrandom_engine_implementation() -> str:
    """Do ``implementation()``, by its name in cryptography's backend."""
    return implementation()


def activate_osrandom_engine() -> None:
    """Do ``gorandom.openssl.activate()``, by its name in cryptography's backend."""
    with _no_forks:
        _late("openssl")
        from gorandom.openssl import activate
    activate()


def activate_builtin_random() -> None:
    """Do ``gorandom.openssl.deactivate()``, by its name in cryptography's backend."""
    with _no_forks:
        _late("openssl")
        from gorandom.openssl import deactivate
    deactivate()
