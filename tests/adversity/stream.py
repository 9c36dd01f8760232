"""Writes this many MiB of a stream to its standard output: stream.py KIND MEBIBYTES.

mixed     draws by every path: token by token, odd sizes across the seams of the ready bytes, pages, a MiB at once
forks     1,024 forked children, a quarter of which fork again; their 16-byte tokens are interleaved, child by child

The other kinds have faults that the tests must detect:
refill    the same 16 bytes at each refill of a store of 256 bytes
seam      the same at each refill of 4 KiB, the size of the real ready bytes
stuck     one byte in 16 is always 0
twins     two interleaved children of which the second repeats the first
biased    the highest bit of each byte is set in 17 of 32
"""

import mmap
import os
import sys

import gorandom

MIB = 1 << 20
CHILDREN, TOKEN = 1024, 16
EACH = 4096  # tokens of a child: 64 KiB
ODD = (1, 15, 16, 17, 31, 64, 255, 1000, 4079, 4095, 4096, 4097, 65535)


def tokens():
    draw = gorandom.get_random_bytes
    return b"".join([draw(TOKEN) for _ in range(MIB // TOKEN)])


def odd():
    parts, left, i = [], MIB, 0
    while left:
        parts.append(gorandom.get_random_bytes(min(ODD[i % len(ODD)], left)))
        left -= len(parts[-1])
        i += 1
    return b"".join(parts)


def pages():
    return b"".join([gorandom.get_random_bytes(4096) for _ in range(MIB // 4096)])


def large():
    buffer = bytearray(MIB)
    gorandom.fill(buffer)
    return buffer


def mixed(mebibytes):
    for i in range(mebibytes):
        yield (tokens, odd, pages, large)[i % 4]()


def child(view, number, first, last):
    draw = gorandom.get_random_bytes
    for at in range((number * EACH + first) * TOKEN, (number * EACH + last) * TOKEN, TOKEN):
        view[at : at + TOKEN] = draw(TOKEN)


def forked(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            os._exit(70)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    if status:
        raise SystemExit(f"a child's wait status: {status}")


def forks(mebibytes):
    """64 MiB at a time, each from 1,024 new children."""
    import numpy

    shared = mmap.mmap(-1, CHILDREN * EACH * TOKEN)
    with memoryview(shared) as view:
        for _ in range(0, mebibytes, len(shared) // MIB):
            for number in range(CHILDREN):
                gorandom.get_random_bytes(TOKEN)

                def nested(number=number):
                    child(view, number, 0, EACH // 2)
                    forked(lambda: child(view, number, EACH // 2, EACH))

                forked(nested if number % 4 == 0 else lambda: child(view, number, 0, EACH))  # noqa: B023
            yield numpy.frombuffer(view, numpy.uint8).reshape(CHILDREN, EACH, TOKEN).transpose(1, 0, 2).tobytes()


def twins(mebibytes):
    for _ in range(mebibytes):
        half = gorandom.get_random_bytes(MIB // 2)
        both = bytearray(MIB)
        for i in range(TOKEN):
            both[i :: 2 * TOKEN] = both[i + TOKEN :: 2 * TOKEN] = half[i::TOKEN]
        yield both


def every(step, what):
    """Writes what at each multiple of step."""

    def stream(mebibytes):
        for _ in range(mebibytes):
            block = large()
            for i, byte in enumerate(what):
                block[i::step] = bytes([byte]) * (MIB // step)
            yield block

    return stream


def biased(mebibytes):
    set_bit = bytes(b | 0x80 for b in range(256))
    for _ in range(mebibytes):
        block = large()
        block[::16] = block[::16].translate(set_bit)  # one of each 16 bytes always has it
        yield block


BLOCK = bytes.fromhex("4a7b1100c3090f3e52a1e870008c25d6")
KINDS = {
    "mixed": mixed, "forks": forks, "refill": every(256, BLOCK), "seam": every(4096, BLOCK), "stuck": every(16, b"\0"),
    "twins": twins, "biased": biased,
}  # fmt: skip

if __name__ == "__main__":
    kind, mebibytes = sys.argv[1:]
    try:
        for block in KINDS[kind](int(mebibytes)):
            sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # dieharder has seen enough
        os._exit(0)
    print(gorandom._front.state()["mode"], file=sys.stderr)
