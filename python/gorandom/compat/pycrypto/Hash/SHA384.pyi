from typing import Final

from typing_extensions import Buffer

from ._face import Hash

__all__ = ["new", "digest_size"]

digest_size: Final = 48
block_size: Final = 128

def new(data: Buffer | None = None) -> Hash: ...
