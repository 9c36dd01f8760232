"""Cryptographic random bytes that forks cannot make repeat; in the place of PyCrypto's ``Crypto.Random``.

    >>> import gorandom
    >>> len(gorandom.get_random_bytes(16))
    16

The bytes come from a Fortuna generator written in Go, seeded by the system's generator, or from the
system's generator itself (``status()`` says which). All functions may be called from any thread, in any
process, before and after any kind of fork; ``atfork()`` need not be called. An entropy failure is an
exception, never weaker bytes.
"""

import sys as _sys

from . import _front
from ._forklock import ForkLock as _ForkLock
from ._front import compare_digest, fill, get_random_bytes, reseed, urandom
from ._front import configure as _configure
from ._rngfile import RNGFile
from ._version import __version__

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
    "wait_for_system_rng",
]

if _front.version != __version__:
    raise ImportError(
        f"gorandom's Python files are version {__version__} and its libraries {_front.version}: install it again"
    )

if _front.state()["core_version"] is not None:
    # Loaded now: in a forked child another thread may have taken the loader's lock with it.
    from . import _core as _core

if _sys.version_info >= (3, 12):
    from . import _forkwarning as _forkwarning


# Drawing and forking need no file from here on: an upgrade may remove or replace them under a running process. (pip
# unlinks what it replaces. Whoever writes into a mapped library's file ends every process that has it mapped.)

# Held while a module is imported late, and across a fork: a child whose parent was just importing it, in
# another thread, would wait for that thread for ever.
_late_import = _ForkLock()


def _import_late(name):
    """A module of this package, now. ImportError if the files are another version's than what runs here."""
    with _late_import.lock:
        if f"{__name__}.{name}" not in _sys.modules:
            _refuse_another_version()
        return __import__(f"{__name__}.{name}", fromlist=["*"])


def _refuse_another_version():
    try:
        with open(f"{__path__[0]}/_version.py", "rb") as file:
            same = f'"{__version__}"'.encode() in file.read()
    except OSError:
        return  # the import says what is missing
    if not same:
        raise ImportError(
            f"gorandom {__version__} runs in this process, and another version has taken the place of its files: "
            "start the process anew"
        )


def new(*args, **kwargs):
    """A file-like object to read random bytes from, as PyCrypto's ``Crypto.Random.new()``."""
    return RNGFile(*args, **kwargs)


def atfork():
    """Does nothing, because forks are noticed without it: the name that programs written for PyCrypto call
    in a forked child, or give as initializer to a ``multiprocessing.Pool``."""


def wait_for_system_rng(timeout=None):
    """Returns when the system's generator has been seeded, which on a running system is at once.

    ``timeout`` is in seconds; ``TimeoutError`` when it has passed, ``OSError`` when the system has no
    generator. Signals are handled while it waits, which makes the kernel gather entropy by itself (Linux 5.4,
    on processors with a cycle counter). It does that only for a thread that blocks: with a timeout one of our
    own does, which stays until the kernel is seeded even if the time passes first. Where that thread cannot be
    had the kernel is only asked again and again. After PEP 522 and PEP 524.
    """
    _front.wait(timeout)


def add_event(data, source=0):
    """Gives the generator 1 or more bytes that an attacker may not know, from a source numbered 0 to 255.

    They go to one of Fortuna's 32 pools and act when that pool is next used, never at once (Cryptography
    Engineering 9.5). More than 32 bytes are hashed (SHA-256) first. Nothing depends on events: every seed
    has the kernel's bytes. In direct mode the newest hundred are kept for a core to come.
    """
    view = memoryview(data).cast("B")
    if len(view) > 32:
        with _late_import.lock:
            from hashlib import sha256

        view = sha256(view).digest()
    _front.add_event(source, bytes(view))


def configure(*, start):
    """When this process, and those it will fork, start the Go core.

    ``"auto"``: at the first draw, and in a forked child when it has drawn about a megabyte; ``"eager"``: at
    the first draw in a child too; ``"never"``: draws come from the system, as a program wants that later
    drops privileges or confines itself, because the core's threads would keep the old ones.
    RuntimeError when ``"never"`` comes too late. The environment variable ``GORANDOM_START`` says the same.
    """
    _configure(start)


def status():
    """What serves this process and why: a frozen ``Status``. It holds no secret."""
    return _import_late("_status").status()


def install_as_crypto():
    """From now on ``import Crypto.Random`` means gorandom, in this process and in its workers.

    ``Crypto.Util.randpool`` and ``Crypto.pct_warnings`` come with it, and where no installed Crypto has them,
    ``Crypto.Hash.HMAC`` and PyCrypto's hash modules. An installed PyCryptodome keeps its other modules; without
    one ``import Crypto.Cipher`` still raises ImportError. May be called more than once.
    """
    _import_late("compat.pycrypto._install").install()


# Public names whose modules import much, which few programs want; each is looked up there once.
# BitGenerator is not in __all__: a star import must not need numpy.
_LATE = {
    "BitGenerator": "numpy",
    "Status": "_status",
    "SystemRandom": "_systemrandom",
    "uuid4": "_uuid",
    "uuid7": "_uuid",
}
_PACKAGES = ("Fortuna", "OSRNG", "_UserFriendlyRNG")  # PyCrypto has them after import Crypto.Random alone


def __getattr__(name):
    if name in _PACKAGES:
        return _import_late("compat.pycrypto.Random." + name)
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_import_late(_LATE[name]), name)
    globals()[name] = value
    return value
