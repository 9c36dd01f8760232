from typing import Never

from .rng_base import BaseRNG as BaseRNG

__all__ = ["WindowsRNG"]

class WindowsRNG(BaseRNG):
    name: str
    def __init__(self) -> None: ...

# Takes no argument: each is a TypeError.
def new(*args: Never, **kwargs: Never) -> WindowsRNG: ...
