from dataclasses import dataclass
from typing import Final

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

SYSTEMS: Final[tuple[str, ...]]

@dataclass(frozen=True)
class Source:
    name: str
    serves: bool
    reason: str

def order(system: str | None = None) -> tuple[str, ...]: ...
def implementation() -> str: ...
def sources() -> tuple[Source, ...]: ...
def osrandom_engine_implementation() -> str: ...
def activate_osrandom_engine() -> None: ...
def activate_builtin_random() -> None: ...
