from typing import Final

from typing_extensions import Buffer

from ._face import Hash

__all__ = ["new", "digest_size"]

digest_size: Final = 32
block_size: Final = 64

def new(data: Buffer | None = None) -> Hash: ...
