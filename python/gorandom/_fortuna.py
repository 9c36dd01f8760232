"""Fortuna's generator in Python (Cryptography Engineering 9.4), for a process that has no Go core.

It serves only generators that a program drives by hand. gorandom's own bytes never come from here. The AES uses no
table and no branch that depends on a secret. But Python does not promise constant time: the time of an operation on an
integer depends a little on its value. Nor can Python erase the keys, blocks and digests that are left in its memory.
"""

from __future__ import annotations

from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

BLOCK = 16  # bytes
KEY = 32  # bytes
MAX_REQUEST = 1 << 20  # bytes

# ---- AES-256 (FIPS 197), many blocks at a time ---- Eight integers, the planes, hold bits 0 to 7 of all bytes. So one
# operation acts on all bytes at once, and each function below does to all bytes what FIPS 197 defines for one. The
# blocks lie in eight lanes. Byte i of a plane has one bit of byte i of each lane.

LANES = 8
LANE_BLOCKS = 256  # at most, at a time: planes of 4 KiB


def _reduce(product: list[int]) -> list[int]:
    """Return the remainder of the division by x^8 + x^4 + x^3 + x + 1 (4.2)."""
    for i in range(14, 7, -1):
        for down in (4, 5, 7, 8):
            product[i - down] ^= product[i]
    return product[:8]


def _multiply(a: list[int], b: list[int]) -> list[int]:
    product = [0] * 15
    for i, x in enumerate(a):
        for j, y in enumerate(b, i):
            product[j] ^= x & y
    return _reduce(product)


def _square(a: list[int], times: int = 1) -> list[int]:
    for _ in range(times):
        product = [0] * 15
        product[::2] = a
        a = _reduce(product)
    return a


def _sub_bytes(a: list[int], every: int) -> list[int]:
    """Replace each byte by its inverse, its 254th power, and apply the affine map (5.1.1). every is a plane of ones."""
    power2 = _square(a)
    power3 = _multiply(power2, a)
    power12 = _square(power3, 2)
    power15 = _multiply(power12, power3)
    power252 = _multiply(_square(power15, 4), power12)
    b = _multiply(power252, power2)
    c = [every * (0x63 >> i & 1) for i in range(8)]
    return [b[i] ^ b[i - 4] ^ b[i - 3] ^ b[i - 2] ^ b[i - 1] ^ c[i] for i in range(8)]


def _expand(key: bytes) -> list[int]:
    """Return the 15 round keys (5.2) as little-endian integers, here and below: the first byte is the lowest."""

    def sub_word(word: int) -> int:
        planes = _sub_bytes([word >> bit & 0x01010101 for bit in range(8)], 0x01010101)
        return sum(plane << bit for bit, plane in enumerate(planes))

    words = [int.from_bytes(key[i : i + 4], "little") for i in range(0, KEY, 4)]
    for i in range(8, 60):
        word = words[i - 1]
        if i % 8 == 0:
            word = sub_word(word >> 8 | (word & 255) << 24) ^ 1 << i // 8 - 1
        elif i % 8 == 4:
            word = sub_word(word)
        words.append(words[i - 8] ^ word)
    return [sum(words[i + j] << 32 * j for j in range(4)) for i in range(0, 60, 4)]


def _encrypt(round_keys: list[int], lanes: list[bytes]) -> list[bytes]:
    """Encrypt eight lanes of the same size (5.1)."""
    blocks = len(lanes[0]) // BLOCK

    def mask(wanted: Callable[[int, int], bool]) -> int:
        """Return a mask of all bits of the bytes in the wanted rows and columns of each block."""
        return int.from_bytes(bytes(255 * wanted(i % 4, i // 4) for i in range(BLOCK)) * blocks, "little")

    every = mask(lambda row, column: True)
    ones = every // 255
    copies = mask(lambda row, column: row == column == 0) // 255  # times a block gives that block everywhere
    top = mask(lambda row, column: row < 3), mask(lambda row, column: row == 3)
    half = mask(lambda row, column: row < 2), mask(lambda row, column: row >= 2)
    rows = [(mask(lambda row, column: row == r and column < 4 - r), mask(lambda row, column: row == r and column >= 4 - r))
            for r in range(4)]  # fmt: skip

    def transpose(eight: list[int]) -> list[int]:
        """Turn lanes into planes, or planes into lanes."""
        return [sum((x >> j & ones) << i for i, x in enumerate(eight)) for j in range(8)]

    def add_round_key(a: list[int], key: int) -> list[int]:
        return [plane ^ (key >> bit & ones) % (1 << 128) * 255 * copies for bit, plane in enumerate(a)]

    def shift_rows(plane: int) -> int:
        return sum(plane >> 32 * r & stay | plane << 128 - 32 * r & come for r, (stay, come) in enumerate(rows))

    def mix_columns(a: list[int]) -> list[int]:
        """Replace each byte by 2 a + 3 b + c + d, where b, c and d are below it in its column."""
        below = [plane >> 8 & top[0] | plane << 24 & top[1] for plane in a]
        both = [x ^ y for x, y in zip(a, below)]
        opposite = [plane >> 16 & half[0] | plane << 16 & half[1] for plane in both]
        twice = [both[i - 1] ^ both[7] * (0x1A >> i & 1) for i in range(8)]
        return [x ^ y ^ z for x, y, z in zip(twice, below, opposite)]

    first, *middle, last = round_keys
    a = add_round_key(transpose([int.from_bytes(lane, "little") for lane in lanes]), first)
    for key in middle:
        a = [shift_rows(plane) for plane in _sub_bytes(a, every)]
        a = add_round_key(mix_columns(a), key)
    a = [shift_rows(plane) for plane in _sub_bytes(a, every)]
    a = add_round_key(a, last)
    return [lane.to_bytes(BLOCK * blocks, "little") for lane in transpose(a)]


def keystream(key: bytes, counter: int, blocks: int) -> bytes:
    """Return this many blocks: the counter and its successors, little-endian and modulo 2^128, under AES-256."""
    round_keys = _expand(key)
    pieces: list[bytes] = []
    left = blocks
    while left > 0:
        size = min(-(-left // LANES), LANE_BLOCKS)
        lanes = []
        for _ in range(LANES):
            lanes.append(b"".join((counter + i & (1 << 128) - 1).to_bytes(BLOCK, "little") for i in range(size)))
            counter += size
        pieces += _encrypt(round_keys, lanes)
        left -= LANES * size
    return b"".join(pieces)[: BLOCK * blocks]


# ---- the generator ----


class Generator:
    """A key, None at first, and a counter of blocks. AssertionError if asked for bytes before the first reseed."""

    def __init__(self, key: bytes | None = None, counter: int = 0) -> None:
        self.key = key
        self.counter = counter

    def reseed(self, seed: Buffer) -> None:
        """Set the key to SHAd256(key, seed), where the first key is zeros, and add one to the counter (9.4.2)."""
        digest = sha256(self.key or bytes(KEY))
        digest.update(seed)
        self.key = sha256(digest.digest()).digest()
        self.counter = (self.counter + 1) % (1 << 128)

    def request(self, n: int) -> bytes:
        """Return n bytes, at most MAX_REQUEST, and replace the key with the two blocks that follow them (9.4.4)."""
        if self.key is None:
            raise AssertionError("generator must be seeded before use")
        blocks = -(-n // BLOCK)
        stream = keystream(self.key, self.counter, blocks + KEY // BLOCK)
        self.counter = (self.counter + blocks + KEY // BLOCK) % (1 << 128)
        self.key = stream[BLOCK * blocks : BLOCK * blocks + KEY]
        return stream[:n]

    def data(self, n: int) -> bytes:
        """Return n bytes, in requests of MAX_REQUEST and one for the rest, even if the rest is empty."""
        pieces = [self.request(MAX_REQUEST) for _ in range(n // MAX_REQUEST)]
        return b"".join([*pieces, self.request(n % MAX_REQUEST)])
