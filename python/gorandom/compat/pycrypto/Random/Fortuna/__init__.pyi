from . import FortunaAccumulator as FortunaAccumulator
from . import FortunaGenerator as FortunaGenerator
from . import SHAd256 as SHAd256

__all__ = ["FortunaAccumulator", "FortunaGenerator", "SHAd256"]
