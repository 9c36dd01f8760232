from collections.abc import Sequence
from typing import TypeVar

from . import compare_digest as compare_digest
from . import wait_for_system_rng as wait_for_system_rng
from ._systemrandom import SystemRandom as SystemRandom

__all__ = [
    "SystemRandom",
    "choice",
    "compare_digest",
    "randbelow",
    "randbits",
    "token_bytes",
    "token_hex",
    "token_urlsafe",
    "wait_for_system_rng",
]

_T = TypeVar("_T")

DEFAULT_ENTROPY: int

def randbits(k: int) -> int: ...
def choice(seq: Sequence[_T]) -> _T: ...
def randbelow(exclusive_upper_bound: int) -> int: ...
def token_bytes(nbytes: int | None = None) -> bytes: ...
def token_hex(nbytes: int | None = None) -> str: ...
def token_urlsafe(nbytes: int | None = None) -> str: ...
