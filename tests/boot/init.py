"""The first and only program of the machine that boot.py starts. Its kernel's generator has not been seeded.

It gets its part from the kernel's command line (BOOT_PART=…), prints lines that boot.py reads, and ends. Then the
kernel panics, which switches this machine off.
"""

import os
import sys
import threading
import time
import traceback

sys.path.insert(0, "/site")
RNDADDENTROPY = 0x40085203  # random(4): _IOW('R', 3, int[2])


def say(text):
    os.write(1, f"\nBOOT {text}\n".encode())


def kernel_ready():
    try:
        os.getrandom(1, os.GRND_NONBLOCK)
    except BlockingIOError:
        return False
    return True


def not_ready(draw):
    try:
        draw()
    except BlockingIOError as error:
        assert str(error).startswith("system random number generator is not ready"), error
    else:
        raise AssertionError("drew before the kernel's generator was seeded")


def too_early(timeout):
    import gorandom

    try:
        gorandom.wait_for_system_rng(timeout=timeout)
    except TimeoutError:
        say(f"wait_for_system_rng(timeout={timeout}) raises TimeoutError")
    else:
        raise AssertionError("wait_for_system_rng returned before the kernel's generator was seeded")


def seed_kernel():
    """Does what a boot loader's or a service's seed file does. The bytes are bad, but it matters only that they count."""
    import fcntl
    import struct

    device = os.open("/dev/random", os.O_WRONLY)
    fcntl.ioctl(device, RNDADDENTROPY, struct.pack("ii32s", 256, 32, bytes(range(32))))
    os.close(device)


def before():
    import gorandom

    assert not kernel_ready(), "the kernel's generator was seeded before this program: nothing can be seen"
    for draw in (gorandom.urandom, gorandom.SystemRandom().randbytes):
        for n in (1, 16, 300_000):
            not_ready(lambda: draw(n))
    not_ready(gorandom.SystemRandom().random)
    say("urandom and SystemRandom raise BlockingIOError")
    child = os.fork()
    if not child:
        try:
            not_ready(lambda: gorandom.urandom(16))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0, "in a forked child"
    too_early(0)
    assert not gorandom.status().ready
    assert not kernel_ready(), "looking at the generator has seeded it"


def after():
    import gorandom

    assert kernel_ready() and gorandom.status().ready
    drawn = [gorandom.urandom(16), gorandom.get_random_bytes(16), gorandom.get_random_bytes(3 << 20)[:16],
             gorandom.SystemRandom().randbytes(16)]  # fmt: skip
    r, w = os.pipe()
    child = os.fork()
    if not child:
        os.write(w, gorandom.urandom(16))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    drawn.append(os.read(r, 16))
    assert len(set(drawn)) == 5 and bytes(16) not in drawn and {len(d) for d in drawn} == {16}
    say(f"draws succeed, here and in a child; mode {gorandom.status().mode}")


def fed():
    """Another process seeds the kernel while this one waits."""
    import gorandom

    before()
    seeded = []

    def feed():
        time.sleep(0.2)
        assert not kernel_ready(), "the kernel was faster: by itself it needs 256 ticks of its clock, a second or more"
        seeded.append(time.monotonic())
        seed_kernel()

    thread = threading.Thread(target=feed)
    thread.start()
    gorandom.wait_for_system_rng(timeout=60)
    returned = time.monotonic()
    assert seeded and seeded[0] <= returned, "returned before the kernel's generator was seeded"
    thread.join()
    say(f"wait_for_system_rng returned {1000 * (returned - seeded[0]):.0f} ms after the kernel was seeded")
    after()


def alone():
    """Nobody seeds it: a wait without a timeout makes the kernel gather entropy by itself (Linux 5.4)."""
    from gorandom import secrets

    before()
    start = time.monotonic()
    assert len(secrets.token_bytes()) == 32
    say(f"secrets.token_bytes waited {time.monotonic() - start:.2f} s for the kernel to seed itself")
    after()


def timed():
    """The same with a timeout: first one that is too short (the kernel needs a second or more), then a long one."""
    import gorandom

    before()
    too_early(0.3)
    assert not kernel_ready() and not gorandom.status().ready
    start = time.monotonic()
    gorandom.wait_for_system_rng(timeout=60)
    say(f"wait_for_system_rng(timeout=60) returned after {time.monotonic() - start:.2f} s: the kernel has seeded itself")
    after()


def recipe():
    """The boot recipe's command, where nobody else seeds the kernel: it must not just poll until its time is up."""
    import argparse

    from gorandom._cli import draw

    assert not kernel_ready(), "the kernel's generator was seeded before this program: nothing can be seen"
    parser = argparse.ArgumentParser()
    draw.add_commands(parser.add_subparsers())
    for timeout, status in (("0", 1), ("60", 0)):
        options, start = parser.parse_args(["wait", "--timeout", timeout]), time.monotonic()
        assert options.function(options) == status, timeout
        say(f"gorandom wait --timeout {timeout} ended with {status} after {time.monotonic() - start:.2f} s")
    after()


part = os.environ.get("BOOT_PART", "")
try:
    assert os.getpid() == 1, "this is for the machine that boot.py starts"
    say(f"Linux {os.uname().release}, part {part}")
    {"fed": fed, "alone": alone, "timed": timed, "recipe": recipe}[part]()
    say("passed")
except BaseException:
    for line in traceback.format_exc().splitlines():
        say("| " + line)
    say("FAILED")
