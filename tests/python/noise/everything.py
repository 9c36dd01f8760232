"""A load of everything that enters the core, in one thread: everything.py SECONDS FOLDER. It ends with 1 if
descriptors have come or gone meanwhile, in the process or in a forked child, or memory has grown."""

import os
import sys
import time

import gorandom
from gorandom import hmac, seedfile

DIGESTS = ("sha256 sha1 md5 sha224 sha384 sha512 sha512_224 sha512_256 sha3_224 sha3_256 sha3_384 sha3_512 "
           "blake2b blake2s ripemd160").split()  # fmt: skip
SIZES = (1, 100, 300, 3776, 20_000, 70_000, 1 << 20, 4 << 20)
# Bytes. The generic kernel's garbage is collected, so memory comes and goes.
GROWTH = (8 if os.environ.get("GORANDOM_KEYSTREAM") == "generic" else 1) << 20
WARM_UP = 1  # seconds

buffer, middle = memoryview(bytearray(max(SIZES))), bytearray(9000)


def fails(error, function, *arguments):
    try:
        function(*arguments)
    except error:
        return
    raise AssertionError(function)


def by_hand(kernel):
    """Fortuna's classes, and stretches of keystream."""
    from gorandom.compat.pycrypto.Random.Fortuna import FortunaGenerator, SHAd256

    generator = FortunaGenerator.AESGenerator()
    generator.reseed(b"seed")
    generator.pseudo_random_data(1000)
    SHAd256.new(b"x" * 100).digest()
    for _ in range(300):  # as the self-test does; the kernels' round keys were what filled Go's heap fastest
        gorandom._front.keystream(kernel, bytes(32), bytes(16), 64)


def once(folder, number):
    for _ in range(100):
        gorandom.fill(middle)  # too much for the ready bytes: each enters the core
    gorandom.fill(buffer[: SIZES[number % len(SIZES)]])
    gorandom.add_event(b"an event that is longer than thirty-two bytes", number % 256)
    for name in DIGESTS:
        try:
            hmac.Key(b"key", name).verify(b"message", b"no tag")
        except ValueError:
            pass
    status = gorandom.status()
    if status.mode == "core":
        by_hand(status.keystream)
    if number % 20:
        return
    gorandom.reseed()
    if status.mode != "core":
        return
    path = os.path.join(folder, "seed")
    seedfile.save(path)
    seedfile.load(path)
    fails(FileNotFoundError, seedfile.load, path + ".none")
    fails(seedfile.SeedFileError, seedfile.load, folder)


def descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink("/proc/self/fd/" + name)
        except OSError:
            pass  # that of the listing itself
    return found


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def load(seconds, folder):
    once(folder, 0)
    before, begin, number, at_first = descriptors(), time.monotonic(), 0, None
    while time.monotonic() < begin + seconds:
        number += 1
        once(folder, number)
        if at_first is None and time.monotonic() > begin + WARM_UP:
            at_first = resident()
    grown = resident() - (at_first or resident())
    assert descriptors() == before, (number, before, descriptors())
    assert grown <= GROWTH, f"{number} rounds: {grown} bytes more"


def main(seconds, folder):
    load(seconds, folder)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        gorandom.fill(buffer[: 2 << 20])  # so much that it starts a core
        load(seconds / 2, folder)
        os._exit(0)
    finally:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2]))
