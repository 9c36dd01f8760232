from typing import Never

from .rng_base import BaseRNG as BaseRNG

__all__ = ["PythonOSURandomRNG"]

class PythonOSURandomRNG(BaseRNG):
    name: str

# Takes no argument: each is a TypeError.
def new(*args: Never, **kwargs: Never) -> PythonOSURandomRNG: ...
