from typing import Literal, Never

from typing_extensions import Buffer

from ._front import compare_digest as compare_digest
from ._front import fill as fill
from ._front import get_random_bytes as get_random_bytes
from ._front import reseed as reseed
from ._front import urandom as urandom
from ._rngfile import RNGFile as RNGFile
from ._status import Status as Status
from ._systemrandom import SystemRandom as SystemRandom
from ._uuid import uuid4 as uuid4
from ._uuid import uuid7 as uuid7
from ._version import __version__ as __version__
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
    "wait_for_system_rng",
]

# Takes no argument, as in PyCrypto: each is a TypeError.
def new(*args: Never, **kwargs: Never) -> RNGFile: ...
def atfork() -> None: ...
def wait_for_system_rng(timeout: float | None = None) -> None: ...
def add_event(data: Buffer, source: int = 0) -> None: ...
def configure(*, start: Literal["auto", "eager", "never"]) -> None: ...
def status() -> Status: ...
def install_as_crypto() -> None: ...
