"""What import and draws must leave as it was, compared after each step. Run by test_side_effects.py."""

import ctypes
import locale
import math
import os
import resource
import struct
import sys
import threading
import warnings

libc = ctypes.CDLL(None)
getenv = libc.getenv
getenv.restype = ctypes.c_char_p
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
libm = ctypes.CDLL("libm.so.6")


def c_environment():
    found, i = [], 0
    while environ[i] is not None:
        found.append(environ[i])
        i += 1
    return found


def descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink("/proc/self/fd/" + name)
        except OSError:
            pass  # the descriptor of the listing itself
    return found


def subnormal():
    # 0 where flush-to-zero or denormals-are-zero is set (-Ofast links code that sets them at load).
    tiny = sys.float_info.min
    # As bytes: with those modes on, a subnormal number compares equal to 0.
    return struct.pack("3d", tiny / 4, tiny / 4 * 2, math.ldexp(tiny, -10) + 0.0)


def snapshot():
    return {
        "cwd": os.getcwd(),
        "umask": (lambda m: (os.umask(m), m)[1])(os.umask(0o77)),
        "environment": dict(os.environ),
        "c environment": c_environment(),
        "locale": locale.setlocale(locale.LC_ALL),
        "rounding": libm.fegetround(),
        "float exceptions enabled": libm.fegetexcept(),
        "subnormals": subnormal(),
        "descriptors": descriptors(),
        "filters": list(warnings.filters),
        "limits": [resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT_")],
        "credentials": os.getresuid() + os.getresgid(),
        "affinity": os.sched_getaffinity(0),
        "niceness": os.nice(0),
        "python threads": [t.name for t in threading.enumerate()],
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook, sys.gettrace()),
        "path": list(sys.path),
        "dumpable": libc.prctl(3, 0, 0, 0, 0),
        "name": open("/proc/self/comm").read(),
    }


def compare(before, after, when):
    for name in before:
        assert before[name] == after[name], f"{name} after {when}: {before[name]!r} -> {after[name]!r}"


before = snapshot()
assert bytes(8) not in before["subnormals"]
import gorandom  # noqa: E402

compare(before, snapshot(), "import")
gorandom.get_random_bytes(16)
compare(before, snapshot(), "the first draw")
gorandom.get_random_bytes(5 << 20)
gorandom.reseed()
gorandom.add_event(b"x")
gorandom.urandom(2000)
buffer = bytearray(100_000)
gorandom.fill(buffer)
compare(before, snapshot(), "draws")
gorandom.status()
compare(before, snapshot(), "status")


def in_thread():
    gorandom.get_random_bytes(100_000)
    seen.append(subnormal())


seen = []
for _ in range(3):
    t = threading.Thread(target=in_thread)
    t.start()
    t.join()
assert seen == [before["subnormals"]] * 3
compare(before, snapshot(), "draws in threads")
