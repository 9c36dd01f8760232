"""What draws of some sizes answer when the kernel repeats itself. Run with scripted.c preloaded, in direct mode."""

import ctypes
import json
import random

import gorandom

library = ctypes.CDLL(None)
library.script_bytes.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
library.script_left.restype = ctypes.c_size_t
library.script_clock.argtypes = [ctypes.c_longlong]
library.script_clock(1_700_000_000_000)  # a pool of another second would be read anew
gorandom.get_random_bytes(16384)  # the first refills are smaller
kept = []  # scripted.c reads from them
fair = random.Random(1).randbytes


def draw(n, *reads):
    """What a draw of n bytes answers if the kernel gives these; "fair": the last of them."""
    library.script_end()
    gorandom.reseed()
    kept.append(b"".join(reads))
    library.script_bytes(kept[-1], len(kept[-1]))
    try:
        return "fair" if gorandom.get_random_bytes(n) == reads[-1][:n] else "other bytes"
    except OSError as e:
        return str(e)


def twins(data, at):
    """The same with the block there like the one before it."""
    return data[: 32 * at] + data[32 * (at - 1) : 32 * at] + data[32 * (at + 1) :]


def answers(n):
    draw(n, fair(1 << 16))
    size = (1 << 16) - library.script_left()  # what it reads for such a draw
    last = size // 32 - 1
    given = {"fair": draw(n, fair(size))}
    # After a repeat one block is read, to see whether it goes on, and then all once more.
    given["twins once"] = draw(n, twins(fair(size), 1), fair(32), fair(size))
    given["twins at the end, once"] = draw(n, twins(fair(size), last), fair(32), fair(size))
    given["twins twice"] = draw(n, twins(fair(size), 1), fair(32), twins(fair(size), last))
    given["zeros"] = draw(n, bytes(2 * size + 32))
    before = fair(size)
    draw(n, before)
    given["as the last read, once"] = draw(n, before, fair(32), fair(size))
    before = fair(size)
    draw(n, before)
    given["as the last read, always"] = draw(n, before, before[:32], before)
    return given


print(json.dumps({n: answers(n) for n in (16, 4096, 1 << 16)}))
