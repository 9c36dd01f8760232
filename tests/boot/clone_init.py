"""The first and only program of the machine that clone.py saves once and restores twice. It draws and prints until the
machine is switched off. A line has the monitor's count of restores and the clock's second, both read before the draws, and
then what was drawn.
"""

import ctypes
import os
import sys
import termios
import time
import traceback

sys.path.insert(0, "/site")
MODULE = "/ptp_vmclock.ko"


def say(text):
    os.write(1, f"\nBOOT {text}\n".encode())
    termios.tcdrain(1)  # bytes drawn before the save must not be printed after the restore


def prepare():
    libc = ctypes.CDLL(None, use_errno=True)
    os.mkdir("/sys")
    for where, what in ((b"/dev", b"devtmpfs"), (b"/sys", b"sysfs")):
        if libc.mount(what, where, what, 0, None):
            raise OSError(ctypes.get_errno(), "mount")
    if os.path.exists(MODULE):
        with open(MODULE, "rb") as f:
            if libc.syscall(313, f.fileno(), b"", 0):  # finit_module, on x86-64
                raise OSError(ctypes.get_errno(), "finit_module")


def draw_for_ever():
    import gorandom
    from gorandom import _front

    gorandom.get_random_bytes(16)
    status = gorandom.status()
    drivers = (f"/sys/bus/{bus}/drivers/vmgenid" for bus in ("acpi", "platform"))
    driver = "built in" if any(map(os.path.exists, drivers)) else "missing"
    say(f"Linux {os.uname().release}, its driver for vmgenid {driver}; mode {status.mode}, clones {status.clones}")
    while True:
        generation, second = _front.state()["vm_generation"], int(time.time())
        small, large = gorandom.get_random_bytes(16), gorandom.get_random_bytes(5000)[-16:]
        kernel = os.getrandom(16)
        say(f"drew {generation or 0} {second} {small.hex()} {large.hex()} {kernel.hex()}")


try:
    assert os.getpid() == 1, "this is for the machine that clone.py starts"
    prepare()
    draw_for_ever()
except BaseException:
    for line in traceback.format_exc().splitlines():
        say("| " + line)
    say("FAILED")
