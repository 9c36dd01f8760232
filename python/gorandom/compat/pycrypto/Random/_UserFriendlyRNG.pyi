from _thread import LockType

from gorandom import RNGFile as RNGFile
from gorandom import get_random_bytes as get_random_bytes
from gorandom import new as new

__all__ = ["RNGFile", "get_random_bytes", "new", "reinit"]

class _Accumulator:
    def __init__(self) -> None: ...
    @property
    def reseed_count(self) -> int: ...

class _Singleton(RNGFile):
    _lock: LockType
    _fa: _Accumulator
    def __init__(self) -> None: ...
    def reinit(self) -> None: ...

def _get_singleton() -> _Singleton: ...
def reinit() -> None: ...
