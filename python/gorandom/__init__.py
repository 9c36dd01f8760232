"""Cryptographic random bytes that never repeat after ``fork()``, as a replacement for PyCrypto's ``Crypto.Random``.

    >>> import gorandom
    >>> len(gorandom.get_random_bytes(16))
    16

The bytes come from a Fortuna generator written in Go, which the system's generator seeds, or from the system's
generator itself. Where gorandom is installed in pure Python, they come only from the latter. ``status()`` says which.
All functions may be called from any thread and in any process, before and after any kind of fork. There is no need to
call ``atfork()``. If the system gives no entropy, the functions raise an exception; they never return weaker bytes.

Modules of this package are imported by name: ``secrets``, ``random``, ``hmac``, ``signing``, ``seedfile``, ``openssl``
and ``numpy``. ``import gorandom`` alone does not load them. ``compat`` provides the names of other packages: PyCrypto,
M2Crypto, cryptography's osrandom engine, and Flask's session interface.
"""

import sys as _sys

try:
    from . import _front
except ImportError as _error:
    _archive = getattr(__spec__.loader, "archive", None)  # zipimport's loader has it
    if _archive is None:
        raise
    raise ImportError(
        f"gorandom is in the zip file {_archive!r}, and extension modules cannot be loaded from one: unpack it, or pack "
        "the program by a tool that unpacks it when it runs (shiv, pex)",
        name=__name__,
    ) from _error
from ._forklock import no_forks as _no_forks
from ._front import compare_digest, fill, get_random_bytes, reseed, urandom
from ._front import configure as _configure
from ._rngfile import RNGFile
from ._version import __version__ as __version__

# Type checkers take this name to be true. Importing typing would cost more than the rest of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, Never

    from typing_extensions import Buffer

    from ._status import Status
    from ._systemrandom import SystemRandom
    from ._uuid import uuid4, uuid7, uuid7_time
    from .numpy import BitGenerator as BitGenerator

__all__ = [
    "RNGFile",
    "Status",
    "SystemRandom",
    "add_event",
    "atfork",
    "compare_digest",
    "configure",
    "fill",
    "get_random_bytes",
    "install_as_crypto",
    "new",
    "reseed",
    "status",
    "urandom",
    "uuid4",
    "uuid7",
    "uuid7_time",
    "wait_for_system_rng",
]

# C made these functions in _front. Here programs and pickles find them.
for _function in (compare_digest, fill, get_random_bytes, reseed, urandom):
    _function.__module__ = __name__
del _function

if _front.version != __version__:
    raise ImportError(
        f"gorandom's Python files are version {__version__} and its libraries {_front.version}: install it again"
    )

if _front.state()["core_version"] is not None:
    # Loaded now, because a later fork may happen while another thread holds the loader's lock, and the child could not
    # load it.
    from . import _core as _core

if _sys.version_info >= (3, 12):
    from . import _forkwarning as _forkwarning


# From here on, drawing and forking need no files, because an upgrade may remove or replace them while a process runs.
# (pip unlinks what it replaces. Writing into a mapped library's file would end every process that has it mapped.)


def _late(name: str) -> None:
    """Check a module before its late import: ImportError if the files have another version than the code that runs here.

    When a module of this package is first needed, ``with _no_forks:`` surrounds this call and the import. So no other
    thread forks meanwhile: its child would wait for ever for the thread that was importing. The block contains an
    ordinary import statement, because tools that pack programs look for those.
    """
    if f"{__name__}.{name}" not in _sys.modules:
        _refuse_another_version()


def _refuse_another_version() -> None:
    try:
        with open(f"{__path__[0]}/_version.py", "rb") as file:
            same = f'"{__version__}"'.encode() in file.read()
    except OSError:
        return  # the import will say what is missing
    if not same:
        raise ImportError(
            f"gorandom {__version__} runs in this process, and another version has taken the place of its files: "
            "start the process anew"
        )


def new(*args: "Never", **kwargs: "Never") -> RNGFile:
    """Return a new ``RNGFile`` to read random bytes from, like PyCrypto's ``Crypto.Random.new()``."""
    return RNGFile(*args, **kwargs)


def atfork() -> None:
    """Do nothing: forks are noticed without it.

    Programs written for PyCrypto call this in a forked child, or pass it to ``multiprocessing.Pool`` as an
    initializer.
    """


def wait_for_system_rng(timeout: float | None = None) -> None:
    """Wait until the system's generator has been seeded; on a running system this returns at once.

    ``timeout`` is in seconds slept, whatever a clock shows. TimeoutError when they have passed, OSError if the system
    has no generator. Signals are handled during the wait.

    A thread that blocks in the kernel makes the kernel gather entropy by itself (Linux 5.4, on processors with a cycle
    counter). With a timeout, a thread of the library blocks for the caller. It stays until the kernel is seeded, even
    if the time passes first. If that thread cannot be started, the kernel is polled instead. In pure Python a wait
    with a timeout always polls. A Python without ``os.getrandom`` cannot tell that the generator is not ready, and
    does not wait here. The behaviour follows PEP 522 and PEP 524.
    """
    _front.wait(timeout)


def add_event(data: "Buffer", source: int = 0) -> None:
    """Add one or more bytes that an attacker may not know, from a source numbered 0 to 255.

    They go to one of Fortuna's 32 pools and take effect when that pool is next used, never at once (Cryptography
    Engineering 9.5). More than 32 bytes are hashed with SHA-256 first. Security does not depend on events: every seed
    contains bytes from the kernel. In direct mode the newest hundred events are kept in case a core starts later.
    """
    view = memoryview(data).cast("B")
    if len(view) > 32:
        with _no_forks:
            from hashlib import sha256

        event = sha256(view).digest()
    else:
        event = bytes(view)
    _front.add_event(source, event)


def configure(*, start: "Literal['auto', 'eager', 'never']") -> None:
    """Set when this process, and the processes that it forks, start the Go core.

    ``"auto"`` starts it at the first draw, and in a forked child after about a megabyte of draws. ``"eager"`` starts
    it at the first draw in a child too. With ``"never"`` all draws come from the system. That is for programs that
    later drop privileges or confine themselves, because the core's threads would keep the old privileges.

    RuntimeError if ``start`` is ``"never"`` and a core was already started. The environment variable
    ``GORANDOM_START`` takes the same values.
    """
    _configure(start)


def status() -> "Status":
    """Return a frozen ``Status`` that says what serves this process, and why. It contains no secret."""
    with _no_forks:
        _late("_status")
        from ._status import status as ask
    return ask()


def install_as_crypto() -> None:
    """Make ``import Crypto.Random`` import gorandom's modules, in this process and in its workers.

    The modules are those of ``gorandom.compat.pycrypto``. ``Crypto.Util.randpool`` and ``Crypto.pct_warnings`` are
    replaced too. ``Crypto.Hash.HMAC`` and PyCrypto's hash modules are added if no installed Crypto has them. An
    installed PyCryptodome keeps its other modules. Without one, ``import Crypto.Cipher`` still raises ImportError.
    May be called more than once.
    """
    with _no_forks:
        _late("compat.pycrypto._install")
        from .compat.pycrypto._install import install
    install()


# Public names whose modules import a lot that few programs need. __getattr__ looks up each of them once. BitGenerator
# is not in __all__, because a star import must not need numpy.
_LATE = {"BitGenerator", "Status", "SystemRandom", "uuid4", "uuid7", "uuid7_time"}


if not TYPE_CHECKING:  # with a __getattr__, a type checker would accept every name

    def __getattr__(name: str) -> "Any":
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "Status":
            with _no_forks:
                _late("_status")
                from ._status import Status as value
        elif name == "SystemRandom":
            with _no_forks:
                _late("_systemrandom")
                from ._systemrandom import SystemRandom as value
        elif name == "BitGenerator":
            with _no_forks:
                _late("numpy")
                from .numpy import BitGenerator as value
        else:
            with _no_forks:
                _late("_uuid")
                import gorandom._uuid as module
            value = getattr(module, name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        with _no_forks:
            from importlib.util import find_spec

        # pydoc and others get each name that is listed, and without numpy or the C extension BitGenerator cannot be
        # imported.
        none = _front.state()["mode"] == "system" or find_spec("numpy") is None
        late = _LATE - ({"BitGenerator"} if none else set())
        return sorted((globals().keys() | late) - {"TYPE_CHECKING"})
